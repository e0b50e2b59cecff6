import { withstand } from '../support/billing-outage.js';
import { BillingStage, say, sized } from '../support/billing-stage.js';
import { median, spread } from './figures.js';

/** That of test/journeys/billing-outage.spec.ts, for longer, with the time that a call of Stripe has by default. */
describe('a Stripe that answers 500 or hangs', () => {
  const ROUNDS = sized('DRILL_ROUNDS', 10);
  const ASKS = sized('DRILL_ASKS', 3_000);
  let stage: BillingStage;

  beforeAll(async () => {
    stage = await BillingStage.start();
  });
  afterAll(() => stage?.stop());

  it('leaves the other routes alone, and what it told meanwhile is applied afterwards', async () => {
    const seen = await withstand(stage, { rounds: ROUNDS, asks: ASKS, tenants: 8 });
    const ratios = seen.idle.map((one, at) => seen.away[at]! / one);
    say(`p99 ms of other routes, ${ROUNDS} rounds of ${ASKS}; min median max`);
    say(`  at rest ${spread(seen.idle, 1)}   without Stripe ${spread(seen.away, 1)}`);
    say(`  ratio ${spread(ratios, 2)}; aim: at most 1.5, measured ${median(ratios).toFixed(2)}`);
    say(
      `  ${seen.backlog} events meanwhile, all applied ${(seen.drainedMs / 1_000).toFixed(1)} s afterwards`,
    );
    expect(seen).toMatchObject({ refused: [], sold: [], behind: [] });
    expect(seen.backlog).toBeGreaterThan(0);
  }, 3_600_000);
});
