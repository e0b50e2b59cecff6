import { Killer } from '../support/billing-kills.js';
import { endure } from '../support/billing-ordeal.js';
import { reckon } from '../support/billing-reckoning.js';
import { BillingStage, say } from '../support/billing-stage.js';
import { someSeed } from '../support/seeds.js';

/** `npm run drill -- billing-kills` kills a hundred times, and waits for what killed workers had taken. */
const WAVES = 3;
const PATIENCE_MS = 300_000;

/** What a killed worker had of our own events, too, comes back soon. */
const SOON = {
  BILLING_APPLY_ATTEMPTS: '100',
  EVENTS_CLAIM_MS: '1000',
  EVENTS_LOCK_MS: '1000',
  EVENTS_STALLED_MS: '300',
  EVENTS_SWEEP_MS: '500',
  EVENTS_SWEEP_AFTER_MS: '1500',
};

describe('events of Stripe while workers are killed and Redis is emptied (S2-43)', () => {
  let stage: BillingStage;

  beforeAll(async () => {
    stage = await BillingStage.start(SOON);
  }, PATIENCE_MS);
  afterAll(() => stage?.stop(), PATIENCE_MS);

  it(
    'are applied all, and nothing follows twice',
    async () => {
      const seed = someSeed();
      const killer = new Killer(stage);
      const during = async (wave: number) => {
        await killer.kill();
        if (wave === 1) await killer.flush();
        // A drill waits for it: half a minute is too long here.
        await killer.endLeases();
      };
      const endured = await endure(stage, {
        seed,
        events: 30,
        tenants: 2,
        waves: WAVES,
        laggards: 0,
        during,
      });
      await killer.stop();
      const { faults, ...figures } = await reckon(stage, endured, { repeats: killer.kills });
      const { kills, inTheMiddle } = killer;
      const tries = JSON.stringify(await stage.tries());
      say(
        `${kills} kills, ${inTheMiddle} in the middle, seed ${seed}: ${JSON.stringify(figures)}, tries ${tries}`,
      );
      expect({ seed, faults, refused: endured.wire.refused }).toEqual({ seed, faults: [], refused: [] });
      // Else no kill hit anything, and this has proved nothing.
      expect(inTheMiddle).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );
});
