import { KINDS, withstand } from '../support/billing-outage.js';
import { BillingStage, say, sized } from '../support/billing-stage.js';
import { DistantWire } from './distant-wire.js';
import { median, spread } from './figures.js';

/** That of test/journeys/billing-outage.spec.ts, for longer, with the time that a call of Stripe has by default. */
describe('a Stripe that answers 500 or hangs', () => {
  const ROUNDS = sized('DRILL_ROUNDS', 10);
  const ASKS = sized('DRILL_ASKS', 3_000);
  /** Of the p99 at rest, as the median of the rounds. */
  const MOST = 1.5;
  let stage: BillingStage;

  beforeAll(async () => {
    stage = await BillingStage.start({}, DistantWire);
  });
  afterAll(() => stage?.stop());

  it('leaves the other routes alone, and what it told meanwhile is applied afterwards', async () => {
    const { rounds, shoppers, ...seen } = await withstand(stage, { rounds: ROUNDS, asks: ASKS, tenants: 12 });
    say(`p99 ms of other routes, ${ROUNDS} rounds of ${ASKS}; min median max`);
    const ratios = KINDS.map((kind) => {
      const those = rounds.filter((one) => one.kind === kind);
      const ratio = those.map((one) => one.away / one.idle);
      const [idle, away] = [those.map((one) => one.idle), those.map((one) => one.away)];
      say(
        `  ${kind}: at rest ${spread(idle, 1)}   without Stripe ${spread(away, 1)}   ratio ${spread(ratio, 2)}`,
      );
      return median(ratio);
    });
    const drained = rounds.map((one) => one.drainedMs / 1_000);
    const backlog = rounds.map((one) => one.backlog);
    say(`  ${spread(backlog, 0)} events meanwhile, applied ${spread(drained, 1)} s afterwards`);
    say(`  who wanted to buy was answered ${JSON.stringify(shoppers)}`);
    expect(seen).toEqual({ refused: [], parked: 0, behind: [] });
    // A page to pay at while there is a Stripe, a clear refusal while there is none, and nothing else.
    expect([Object.keys(shoppers.idle), Object.keys(shoppers.away)]).toEqual([['200'], ['503']]);
    expect(Math.min(...backlog)).toBeGreaterThan(0);
    expect(Math.max(...ratios)).toBeLessThanOrEqual(MOST);
  }, 3_600_000);
});
