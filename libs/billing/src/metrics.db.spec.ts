import { metricsText } from '#platform';
import { type BillingRoom, billingRoom } from '../../../test/support/billing-room.js';
import { growth, Metrics } from '../../../test/support/metrics.js';
import { ApplyEvents } from './applying/apply-events.js';
import { Reconcile } from './reconciling/reconcile.js';
import { ManageDrift } from './use-cases/manage-drift.js';

type Labelled = [name: string, labels: Record<string, string>];

describe('what a worker shows in /metrics of billing', () => {
  let world: BillingRoom;
  beforeAll(async () => void (world = await billingRoom(ApplyEvents)));
  afterAll(() => world.close());
  afterEach(() => world.pay.local.faults.clear());

  const subscribed = async (tenantId: string | null) => {
    const customer = await world.customer(tenantId);
    return world.subscribe(customer.id);
  };
  const delivered = async () => {
    await subscribed(await world.tenant());
    return world.deliver();
  };

  it('events of Stripe by what became of them', async () => {
    const settled = ['applied', 'ignored', 'dead'].map((status): Labelled => [
      'stripe_events_settled_total',
      { status },
    ]);
    const sold = await delivered();
    const [applied, ignored, dead] = await growth(metricsText, settled, () => world.apply());
    expect([applied! + ignored!, dead]).toEqual([sold.length, 0]);
    expect([applied! > 0, ignored! > 0]).toEqual([true, true]);

    await delivered();
    world.pay.local.faults.add({
      kind: 'status',
      status: 400,
      code: 'parameter_invalid',
      times: 1_000,
      match: { method: 'GET', path: '/v1/customers/*' },
    });
    expect((await growth(metricsText, settled, () => world.apply()))[2]).toBeGreaterThan(0);
  });

  it('where Stripe and it disagreed, what of that waits for an operator, and the comparisons it has made', async () => {
    const found = (kind: string, outcome: string): Labelled => [
      'billing_drifts_found_total',
      { kind, outcome },
    ];
    const sweeps: Labelled = ['billing_sweeps_total', { kind: 'hourly' }];
    const sweep = async () => {
      await world.app.get(ManageDrift, { strict: false }).sweep(world.operator, 'hourly');
      while (await world.app.get(Reconcile, { strict: false }).turn());
    };
    await sweep();
    await subscribed(await world.tenant());
    await subscribed(null);
    const counted = [found('missing', 'repaired'), found('orphan', 'open'), sweeps];
    expect(await growth(metricsText, counted, sweep)).toEqual([1, 1, 1]);
    const shown = new Metrics(await metricsText());
    expect(shown.valueOf('billing_drifts_open', { kind: 'orphan' })).toBe(1);
    expect(shown.valueOf('billing_drifts_open', { kind: 'missing' })).toBe(0);
  });
});
