import type { BillingStage } from './billing-stage.js';
import { eventually } from './eventually.js';
import type { RegisteredBody } from './person.js';
import { ScriptedCustomer } from './stripe-script.js';

/** For the stage: an attempt that failed waits until the test says so, and the third is the last. */
export const PATIENTLY = { BILLING_APPLY_ATTEMPTS: '3', BILLING_APPLY_RETRY_MS: '600000' };

export interface Poisoned {
  /** Events of whose customer cannot be looked at, sorted; and how many of them still waited when the others had what they bought. */
  his: string[];
  waiting: number;
  /** What was given up in the end, sorted, and what operators see of it. */
  parked: string[];
  listed: string;
  poisoned: RegisteredBody;
  others: RegisteredBody[];
  /** What a tenant has: its state, or none. */
  stands(tenant: RegisteredBody): Promise<string | null>;
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
    kind: 'status',
    match: { method: 'GET', path: `/v1/customers/${customers[0]!.id}` },
    status: 400,
    times: 1_000_000,
  });
  await Promise.all(customers.map((one) => one.play({ verb: 'seats', number: 3 })));
  const events = customers.map((one) => told.take(one.id, one.clock));
  const wire = stage.wire(4);
  // His come first.
  await wire.send(events.flat().map((one) => stage.signed(one.body)));
  wire.close();

  const stands = async ({ tenant }: RegisteredBody) => {
    const [row] = await stage.product.query<{ state: string }>(
      `select standing ->> 'state' as state from billing.accounts where tenant_id = $1`,
      [tenant.id],
    );
    return row?.state ?? null;
  };
  await eventually(async () => !(await Promise.all(healthy.map(stands))).includes(null), {
    withinMs: 60_000,
  });
  // Until then it is not known which of his will be ignored.
  const untried = () =>
    stage.product.query(
      `select id from billing.stripe_events where id = any ($1) and status = 'received' and failure is null`,
      [events[0]!.map((one) => one.id)],
    );
  await eventually(async () => (await untried()).length === 0, { withinMs: 60_000 });
  const hisOwn = await stage.product.query<{ id: string }>(
    `select id from billing.stripe_events where id = any ($1) and status <> 'ignored' order by id collate "C"`,
    [events[0]!.map((one) => one.id)],
  );
  const his = hisOwn.map((one) => one.id);
  const waiting = await stage.waiting(his);
  await giveUp(stage, his);
  await stage.settled();
  const parked = await stage.product.query<{ id: string }>(
    `select id from billing.stripe_events where status = 'dead' order by id collate "C"`,
  );
  return {
    ...{ his, waiting, stands, poisoned: poisoned!, others: healthy },
    parked: parked.map((one) => one.id),
    listed: await stage.product.admin('stripe', 'dead'),
    cure: async () => {
      faults.clear();
      await stage.product.admin('stripe', 'replay', '--dead', '--reason', 'Stripe can be asked again');
      await stage.settled();
    },
  };
}

/** Each attempt follows the one before at once. */
const giveUp = (stage: BillingStage, ids: readonly string[]): Promise<unknown> =>
  eventually(
    async () => {
      await stage.product.query(
        `update billing.stripe_events set next_at = now()
         where id = any ($1) and status = 'received' and failure is not null`,
        [ids],
      );
      return (await stage.waiting(ids)) === 0;
    },
    { withinMs: 60_000 },
  );
