import type { ChildProcess } from 'node:child_process';
import { endure } from '../support/billing-ordeal.js';
import { reckon } from '../support/billing-reckoning.js';
import { BillingStage, say, sized } from '../support/billing-stage.js';
import { someSeed } from '../support/seeds.js';
import { started } from './children.js';
import { DistantWire } from './distant-wire.js';

/** The ordeal of test/journeys/billing-ordeal.spec.ts, two thousand events at a time, with twenty seeds. */
describe('events of Stripe, each five times, shuffled, over eight connections', () => {
  const SEEDS = sized('DRILL_SEEDS', 20);
  const EVENTS = sized('DRILL_EVENTS', 2_000);
  const children: ChildProcess[] = [];
  let stage: BillingStage;
  let bareUrl: string;

  beforeAll(async () => {
    stage = await BillingStage.start({}, DistantWire);
    const bare = await started(
      'bare-intake',
      { DATABASE_URL: stage.product.database.superuserUrl },
      children,
    );
    bareUrl = bare.url;
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await stage?.stop();
  });

  it(
    'come to what they come to in order, and what follows follows once',
    async () => {
      for (let round = 0; round < SEEDS; round++) {
        const seed = someSeed() + round;
        const contestant = stage.measured(8, bareUrl);
        const ordeal = { seed, events: EVENTS, tenants: 10, waves: 8, laggards: 2, contestant };
        const endured = await endure(stage, ordeal);
        contestant.close();
        const { faults, ...figures } = await reckon(stage, endured);
        const [ours, bare] = [endured.wire.at(0.99), contestant.at(0.99)];
        say(
          `seed ${seed}: ${endured.events} events, ${endured.wire.times.length} deliveries, intake p99 ms` +
            ` ${ours.toFixed(1)}, bare insert ${bare.toFixed(1)}, ratio ${(ours / bare).toFixed(2)}; ${JSON.stringify(figures)}`,
        );
        const refused = [...endured.wire.refused, ...contestant.refused];
        expect({ seed, faults, refused }).toEqual({ seed, faults: [], refused: [] });
      }
    },
    6 * 3_600_000,
  );
});
