import { Killer } from '../support/billing-kills.js';
import { endure } from '../support/billing-ordeal.js';
import { reckon } from '../support/billing-reckoning.js';
import { BillingStage, say, sized } from '../support/billing-stage.js';
import { someSeed } from '../support/seeds.js';

/** The ordeal of test/journeys/billing-kills.spec.ts with a hundred kills, waiting for the leases of the dead. */
describe('events of Stripe while workers are killed and Redis is emptied', () => {
  const KILLS = sized('DRILL_KILLS', 100);
  const EVENTS = sized('DRILL_EVENTS', 2_000);
  const TAKEN_OVER_MS = 45_000;
  const FLUSH_SETTLED_MS = 60_000;
  /** BILLING_APPLY_ATTEMPTS and EVENTS_MAX_ATTEMPTS, unless they are set. */
  const PARKED_AFTER = 12;
  let stage: BillingStage;

  beforeAll(async () => {
    stage = await BillingStage.start({ BILLING_APPLY_ATTEMPTS: '100' });
  });
  afterAll(() => stage?.stop());

  it(
    'are applied all, taken over in time, and nothing follows twice',
    async () => {
      const seed = someSeed();
      const killer = new Killer(stage);
      let flushed: Promise<void> | undefined;
      const during = async (wave: number) => {
        if (wave === Math.floor(KILLS / 2)) flushed = killer.flush();
        await killer.kill();
      };
      const ordeal = { seed, events: EVENTS, tenants: 10, waves: KILLS, laggards: 0, during };
      const endured = await endure(stage, ordeal);
      await Promise.all([killer.stop(), flushed]);
      const { faults, ...figures } = await reckon(stage, endured, { repeats: killer.kills });
      const tries = await stage.tries();
      const slowest = Math.max(0, ...killer.takenOver);
      say(
        `seed ${seed}: ${endured.events} events, ${killer.kills} kills, ${killer.inTheMiddle} in the middle,` +
          ` ${killer.takenOver.length} events taken over, the last after ${(slowest / 1_000).toFixed(1)} s;` +
          ` Redis emptied with ${killer.flushed} events, settled after ${(killer.flushSettledMs! / 1_000).toFixed(1)} s; ${JSON.stringify(figures)};` +
          ` nothing was tried more than ${tries.applying} times, and by no handler more than ${tries.handling}`,
      );
      expect({ seed, faults, refused: endured.wire.refused }).toEqual({ seed, faults: [], refused: [] });
      // The limits were lifted, and none was needed: as it is set, nothing would have been parked.
      expect(Math.max(tries.applying, tries.handling)).toBeLessThan(PARKED_AFTER);
      expect(killer.inTheMiddle).toBeGreaterThan(KILLS / 2);
      expect(killer.takenOver.length).toBeGreaterThan(0);
      expect(slowest).toBeLessThan(TAKEN_OVER_MS);
      expect(killer.flushSettledMs).toBeLessThan(FLUSH_SETTLED_MS);
    },
    6 * 3_600_000,
  );
});
