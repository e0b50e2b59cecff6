import { createHmac, randomBytes } from 'node:crypto';
import { billingWorld } from '../support/billing.js';
import { eventually } from '../support/eventually.js';
import { mailsTo } from '../support/mail.js';

const PATIENCE_MS = 90_000;

const world = billingWorld({ BILLING_APPLY_ATTEMPTS: '3', BILLING_APPLY_RETRY_MS: '50' });

interface EventRow {
  id: string;
  type: string;
  status: string;
  tenant_id: string | null;
  failure: string | null;
}
const events = () =>
  world.product.query<EventRow>('select id, type, status, tenant_id, failure from billing.stripe_events');
/** Once everything that came has been decided about. */
const settled = () =>
  eventually(
    async () => {
      await world.stripe.settled();
      const all = await events();
      expect(all.filter((one) => one.status === 'received')).toEqual([]);
      return all;
    },
    { withinMs: 30_000 },
  );

async function deliver(event: { type: string } & Record<string, unknown>): Promise<string> {
  const id = `evt_${randomBytes(12).toString('hex')}`;
  const body = JSON.stringify({ id, object: 'event', created: 1_795_336_200, livemode: false, ...event });
  const at = Math.floor(Date.now() / 1_000);
  const secret = world.stripe.settings.STRIPE_WEBHOOK_SECRET!;
  const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  const answer = await fetch(`${world.product.v1}/billing/webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${signature}` },
    body,
  });
  expect(answer.status).toBe(200);
  return id;
}
const become = async (id: string) => (await settled()).find((one) => one.id === id);

describe('events of Stripe (S2-32)', () => {
  it(
    'late, twice and in any order come to the same, and each mail goes out once',
    async () => {
      world.stripe.local.webhooks.setChaos({ on: true, seed: 7, max_delay_ms: 500 });
      const owner = await world.owner();
      await owner.buy({ plan: 'TEAM' });
      await owner.stands({ state: 'trial' });
      for (const seats of [6, 9, 7]) await owner.change({ seats });
      await owner.change({ cancel: true });
      await owner.change({ resume: true });
      await owner.change({ seats: 11 });
      await owner.stands({ state: 'trial', seats: 11, ends_at: null });
      await owner.licensed({ tier: 'TEAM', max_seats: 11 });
      const all = await settled();
      expect(new Set(all.map((one) => one.status))).toEqual(new Set(['applied', 'ignored']));
      expect(all.find((one) => one.type === 'customer.subscription.updated')).toMatchObject({
        status: 'applied',
        tenant_id: owner.body.tenant.id,
      });
      const subjects = (await mailsTo(owner.body.user.email)).map((one) => one.subject);
      expect(subjects.filter((one) => /is on Team$/.test(one))).toHaveLength(1);
      world.stripe.local.webhooks.setChaos({ on: false });
    },
    PATIENCE_MS,
  );

  it('believe nothing that the event itself says of whose it is, or what it is', async () => {
    const owner = await world.owner();
    const object = {
      id: 'sub_forged',
      object: 'subscription',
      status: 'active',
      customer: 'cus_forged',
      metadata: { tenant_id: owner.body.tenant.id },
      items: { data: [{ price: { lookup_key: 'gatehouse_team_month' }, quantity: 100 }] },
    };
    const id = await deliver({ type: 'customer.subscription.created', data: { object } });
    expect(await become(id)).toMatchObject({ status: 'ignored', failure: 'NO_CUSTOMER', tenant_id: null });
    await owner.stands({ state: 'none', plan: 'FREE' });
  });

  it('are kept and left alone where they change nothing, or nobody knows them', async () => {
    const payout = await deliver({ type: 'payout.paid', data: { object: { id: 'po_1', object: 'payout' } } });
    const newer = await deliver({ type: 'customer.teleported', data: { object: { id: 'x', object: 'x' } } });
    expect(await become(payout)).toMatchObject({ status: 'ignored', failure: null });
    expect(await become(newer)).toMatchObject({ status: 'ignored', failure: 'UNKNOWN_TYPE' });
  });

  it('know the customer by its metadata where we have never heard of it', async () => {
    const owner = await world.owner();
    const { stripe } = world.stripe;
    const { data: prices } = await stripe.prices.list({ lookup_keys: ['gatehouse_pro_year'] });
    const customer = await stripe.customers.create({
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
      metadata: { tenant_id: owner.body.tenant.id },
    });
    await stripe.subscriptions.create({ customer: customer.id, items: [{ price: prices[0]!.id }] });
    await owner.stands({ state: 'active', plan: 'PRO', interval: 'year' });
    await owner.licensed({ tier: 'PRO', max_seats: 1 });
  });

  it(
    'that cannot be applied are parked, while those of others are',
    async () => {
      const poisoned = await world.owner();
      await poisoned.buy({ plan: 'PRO' });
      await poisoned.stands({ state: 'trial' });
      const { id } = await poisoned.customer();
      await settled();
      world.stripe.local.faults.add({
        match: { method: 'GET', path: `/v1/customers/${id}` },
        kind: 'status',
        times: 1_000,
        status: 500,
        kept: false,
        delay_ms: 0,
        decline_code: 'generic_decline',
      });
      await world.stripe.stripe.customers.update(id, { description: 'changed' });
      const healthy = await world.owner();
      await healthy.buy({ plan: 'PRO' });
      await healthy.stands({ state: 'trial' });
      const parked = await eventually(
        async () => {
          const dead = (await events()).filter((one) => one.status === 'dead');
          expect(dead).not.toEqual([]);
          return dead;
        },
        { withinMs: 30_000 },
      );
      expect(parked[0]).toMatchObject({ type: 'customer.updated', failure: expect.stringMatching(/^500/) });
      world.stripe.local.faults.clear();
    },
    PATIENCE_MS,
  );

  it(
    'are taken over from a worker that was killed',
    async () => {
      const owner = await world.owner();
      await owner.buy({ plan: 'TEAM' });
      await owner.stands({ state: 'trial' });
      await world.product.worker.kill();
      await owner.change({ seats: 30 });
      await world.stripe.settled();
      world.product.worker = await world.product.startWorker();
      await owner.stands({ seats: 30 });
      await owner.licensed({ tier: 'TEAM', max_seats: 30 });
    },
    PATIENCE_MS,
  );
});
