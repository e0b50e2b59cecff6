import { buyThroughKills } from '../support/billing-once.js';
import { PATIENTLY, poison } from '../support/billing-poison.js';
import { BillingStage } from '../support/billing-stage.js';

const PATIENCE_MS = 300_000;

/** `npm run drill -- billing-once` does the same again and again. */
describe('what Stripe did and nobody heard of (S2-31)', () => {
  let stage: BillingStage;

  beforeAll(async () => {
    stage = await BillingStage.start(PATIENTLY);
  }, PATIENCE_MS);
  afterAll(() => stage?.stop(), PATIENCE_MS);

  it(
    'is there once, although the process that asked was killed each time before the answer',
    async () => {
      const [owner] = await stage.tenants(1);
      expect(await buyThroughKills(stage, owner!)).toEqual({ customers: 1, sessions: 1, subscriptions: 1 });
    },
    PATIENCE_MS,
  );

  it(
    'parks what cannot be applied, in sight of operators and in nobody’s way, until it is replayed (S2-34)',
    async () => {
      const { his, waiting, parked, listed, poisoned, others, stands, cure } = await poison(stage, 3);
      // The others had theirs while his were still tried, and his alone were given up.
      expect([waiting, parked]).toEqual([his.length, his]);
      for (const id of parked) expect(listed).toContain(id);
      expect(await stands(poisoned)).toBeNull();
      expect(await Promise.all(others.map(stands))).toEqual(others.map(() => 'trial'));
      await cure();
      expect(await stands(poisoned)).toBe('trial');
      expect(await stage.product.admin('stripe', 'dead')).not.toContain('evt_');
    },
    PATIENCE_MS,
  );
});
