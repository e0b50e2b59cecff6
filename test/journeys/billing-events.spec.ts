import { createHmac, randomBytes } from 'node:crypto';
import { billingWorld } from '../support/billing.js';
import { eventually } from '../support/eventually.js';
import { mailsTo } from '../support/mail.js';
import type { AuditBody } from '../support/person.js';

const HOUR_MS = 3_600_000;

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

/** Replays, waits until all of it is applied again, and gives how many. */
async function replay(...which: string[]): Promise<number> {
  const said = await world.product.admin('stripe', 'replay', ...which, '--reason', 'a test');
  await settled();
  return Number(/^(\d+) to be applied again\.$/m.exec(said)?.[1]);
}

describe('gatehouse-admin stripe replay (S2-34)', () => {
  it('means events by id, type and when they came; the tenant reads in its trail that it was done', async () => {
    const [owner, other] = [await world.subscriber(), await world.subscriber()];
    const created = (await settled()).filter((one) => one.type === 'customer.subscription.created');
    const [mine, its] = [owner, other].map(({ body }) =>
      created.filter((one) => one.tenant_id === body.tenant.id),
    );
    const [soon, ago] = [HOUR_MS, -HOUR_MS].map((ms) => new Date(Date.now() + ms).toISOString());
    const TYPE = ['--type', 'customer.subscription.created'];

    expect([mine, its]).toMatchObject([{ length: 1 }, { length: 1 }]);
    const { id } = mine![0]!;
    expect(await replay('--event', id)).toBe(1);
    expect(await replay(...TYPE, '--from', ago!, '--to', soon!)).toBe(created.length);
    expect(await replay(...TYPE, '--from', soon!)).toBe(0);
    expect(await replay(...TYPE, '--to', ago!)).toBe(0);
    expect(await replay(...TYPE, '--tenant', owner.body.tenant.id)).toBe(1);
    expect(await world.product.admin('stripe', 'replay', '--event', id, '--dry-run')).toMatch(
      /^Nothing would change\.$/m,
    );
    await expect(world.product.admin('stripe', 'replay', ...TYPE)).rejects.toThrow('must say why');

    await eventually(async () => {
      const { data } = await owner.get<AuditBody>('/audit?limit=100');
      const replayed = data.filter((one) => one.action === 'STRIPE_EVENTS_REPLAYED');
      expect(replayed).toHaveLength(3);
      for (const one of replayed)
        expect(one).toMatchObject({
          actor: { type: 'operator' },
          metadata: { count: 1, types: ['customer.subscription.created'] },
        });
    });
  });

  it('says of uses that Stripe did not count that something may change', async () => {
    const { books } = world.stripe.local;
    const { id } = books.transact(() =>
      books.emitThin({ type: 'v1.billing.meter.no_meter_found', data: { reason: { error_types: [] } } }),
    );
    expect(await become(id)).toMatchObject({ status: 'applied' });
    const said = await world.product.admin('stripe', 'replay', '--event', id, '--dry-run');
    expect(said).toContain(`${id}: of uses that Stripe does not count`);
    expect(said).not.toContain('Nothing would change.');
  });

  it('is not over while some of it waits: whoever lists what was parked is told', async () => {
    const { product } = world;
    await world.subscriber();
    await settled();
    const dead = () => product.admin('stripe', 'dead');
    expect(await dead()).toBe('None.\n');
    await product.worker.stop();
    await product.admin('stripe', 'replay', '--type', 'customer.created', '--reason', 'a test');
    expect(await dead()).toMatch(/^\d+ of a replay still to be applied\.\n$/);
    product.worker = await product.startWorker();
    await settled();
    expect(await dead()).toBe('None.\n');
  });
});

describe('events of Stripe (S2-32)', () => {
  it('late, twice and in any order come to the same, and each mail goes out once', async () => {
    world.stripe.local.webhooks.setChaos({ on: true, seed: 7, max_delay_ms: 500 });
    const owner = await world.subscriber();
    for (const seats of [6, 9, 7]) await owner.change({ seats });
    await owner.change({ cancel: true });
    await owner.change({ resume: true });
    await owner.change({ seats: 11 });
    await owner.stands({ state: 'trial', seats: 11, ends_at: null });
    await owner.licensed({ tier: 'TEAM', max_seats: 11 });
    const all = await settled();
    expect(new Set(all.map((one) => one.status))).toEqual(new Set(['applied', 'ignored']));
    const its = all.filter((one) => one.tenant_id === owner.body.tenant.id);
    expect(its.find((one) => one.type === 'customer.subscription.updated')).toMatchObject({
      status: 'applied',
    });
    const subjects = (await mailsTo(owner.body.user.email)).map((one) => one.subject);
    expect(subjects.filter((one) => /is on Team$/.test(one))).toHaveLength(1);
    world.stripe.local.webhooks.setChaos({ on: false });
  });

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

  it('that cannot be applied are parked, while those of others are', async () => {
    const poisoned = await world.owner();
    await poisoned.buy({ plan: 'PRO' });
    await poisoned.stands({ state: 'trial' });
    const { id } = await poisoned.customer();
    await settled();
    world.stripe.local.faults.add({
      match: { method: 'GET', path: `/v1/customers/${id}` },
      kind: 'status',
      times: 1_000,
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
  });

  it('are taken over from a worker that was killed', async () => {
    const owner = await world.subscriber();
    await world.product.worker.kill();
    await owner.change({ seats: 30 });
    await world.stripe.settled();
    world.product.worker = await world.product.startWorker();
    await owner.stands({ seats: 30 });
    await owner.licensed({ tier: 'TEAM', max_seats: 30 });
  });
});
