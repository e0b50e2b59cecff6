import type Stripe from 'stripe';
import type { BillingStage } from './billing-stage.js';
import { eventually } from './eventually.js';
import { call, type RegisteredBody } from './person.js';
import { pay } from './stripe.js';

/** What a purchase asks Stripe to make; each is lost on the way once. */
const WRITES = ['/v1/customers', '/v1/checkout/sessions'] as const;

/** What there is at Stripe of a tenant. */
export interface Made {
  customers: number;
  sessions: number;
  subscriptions: number;
}

/**
 * Somebody buys; Stripe does what it is asked, and nobody hears: the API is killed while it waits for the answer, at each
 * write in turn. Gives what there is at Stripe when they have their plan.
 */
export async function buyThroughKills(stage: BillingStage, owner: RegisteredBody): Promise<Made> {
  for (const path of WRITES) {
    const { local, hear } = stage.stripe;
    local.faults.add({ kind: 'timeout_after_apply', match: { method: 'POST', path } });
    const heard = hear();
    const asking = open(stage, owner).catch(() => null);
    await eventually(() => heard().some(({ path: asked, fault }) => asked === path && fault), {
      withinMs: 20_000,
      everyMs: 5,
    });
    await stage.product.api.kill();
    await asking;
    await stage.restartApi();
  }
  const url = await eventually(
    async () => {
      const { body } = await open(stage, owner);
      return body.url ?? false;
    },
    { withinMs: 20_000 },
  );
  const before = stage.listen();
  await pay(url);
  const { customerId, ...made } = await madeAt(stage.stripe.stripe, owner.tenant.id);
  const wire = stage.wire(2);
  await wire.send(before.take(customerId, '').map((one) => stage.signed(one.body)));
  wire.close();
  await stage.settled();
  return made;
}

const open = (stage: BillingStage, { access_token: bearer }: RegisteredBody) =>
  call<{ url?: string }>(`${stage.product.v1}/billing/checkout`, { bearer, body: { plan: 'TEAM' } });

async function madeAt(stripe: Stripe, tenantId: string): Promise<Made & { customerId: string }> {
  const all = await stripe.customers.list({ limit: 100 });
  const mine = all.data.filter((one) => one.metadata.tenant_id === tenantId);
  const customerId = mine[0]?.id ?? '';
  const [sessions, subscriptions] = await Promise.all([
    stripe.checkout.sessions.list({ customer: customerId, limit: 100 }),
    stripe.subscriptions.list({ customer: customerId, status: 'all', limit: 100 }),
  ]);
  return {
    customerId,
    customers: mine.length,
    sessions: sessions.data.length,
    subscriptions: subscriptions.data.length,
  };
}
