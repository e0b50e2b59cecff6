import { buyThroughKills } from '../support/billing-once.js';
import { PATIENTLY, poison } from '../support/billing-poison.js';
import { BillingStage, say, sized } from '../support/billing-stage.js';

/** That of test/journeys/billing-once.spec.ts, again and again. */
describe('what Stripe did and nobody heard of', () => {
  const ROUNDS = sized('DRILL_ROUNDS', 20);
  let stage: BillingStage;

  beforeAll(async () => {
    stage = await BillingStage.start(PATIENTLY);
  });
  afterAll(() => stage?.stop());

  it('is there once, although the process that asked was killed before the answer', async () => {
    for (const owner of await stage.tenants(ROUNDS))
      expect(await buyThroughKills(stage, owner)).toEqual({ customers: 1, sessions: 1, subscriptions: 1 });
    say(`${ROUNDS} purchases through two kills each: one customer, one page, one subscription each`);
  }, 3_600_000);

  it('is parked where it cannot be applied, in nobody’s way, until it is replayed', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { his, waiting, parked, listed, poisoned, others, stands, cure } = await poison(stage, 10);
      expect([waiting, parked]).toEqual([his.length, his]);
      for (const id of parked) expect(listed).toContain(id);
      expect(await Promise.all(others.map(stands))).toEqual(others.map(() => 'trial'));
      expect(await stands(poisoned)).toBeNull();
      await cure();
      expect(await stands(poisoned)).toBe('trial');
    }
    say(`${ROUNDS} times a customer whom nothing can be applied to, among ten: parked, listed, replayed`);
  }, 3_600_000);
});
