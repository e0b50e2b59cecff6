import type { BillingStage } from './billing-stage.js';
import type { RegisteredBody } from './person.js';
import { ScriptedCustomer } from './stripe-script.js';

export interface Poisoned {
  /** What operators see of it. */
  listed: string;
  /** Whether it is his whose customer cannot be looked at. */
  parked: { id: string; tenantId: string | null }[];
  poisoned: RegisteredBody;
  /** What a tenant has: its state, or none. */
  stands(tenant: RegisteredBody): Promise<string | null>;
  others: RegisteredBody[];
  /** Stripe can be asked about him again; the events that were parked are replayed and applied. */
  cure(): Promise<void>;
}

/** Events of one customer cannot be applied, among those of others. Ends when all are settled. */
export async function poison(stage: BillingStage, others: number): Promise<Poisoned> {
  const [poisoned, ...healthy] = await stage.tenants(1 + others);
  const all = [poisoned!, ...healthy];
  const customers = await Promise.all(all.map((one) => ScriptedCustomer.make(stage.stripe, one.tenant.id)));
  const told = stage.listen();
  const { faults } = stage.stripe.local;
  faults.add({
    ...{ kind: 'status', match: { method: 'GET', path: `/v1/customers/${customers[0]!.id}` }, status: 400 },
    ...{ times: 1_000_000, kept: false, delay_ms: 0, decline_code: '' },
  });
  await Promise.all(customers.map((one) => one.play({ verb: 'seats', number: 3 })));
  const wire = stage.wire(4);
  await wire.send(
    customers.flatMap((one) => told.take(one.id, one.clock)).map((one) => stage.signed(one.body)),
  );
  wire.close();
  await stage.settled();

  const parked = await stage.product.query<{ id: string; tenantId: string | null }>(
    `select id, tenant_id as "tenantId" from billing.stripe_events where status = 'dead' order by id`,
  );
  return {
    listed: await stage.product.admin('stripe', 'dead'),
    parked,
    poisoned: poisoned!,
    others: healthy,
    stands: async ({ tenant }) => {
      const [row] = await stage.product.query<{ state: string }>(
        `select standing ->> 'state' as state from billing.accounts where tenant_id = $1`,
        [tenant.id],
      );
      return row?.state ?? null;
    },
    cure: async () => {
      faults.clear();
      await stage.product.admin('stripe', 'replay', '--dead', '--reason', 'Stripe can be asked again');
      await stage.settled();
    },
  };
}
