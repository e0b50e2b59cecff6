import Stripe from 'stripe';
import { testStripe, webhookCatcher } from './testing.js';
import type { TestStripe } from './testing.js';

type Catcher = Awaited<ReturnType<typeof webhookCatcher>>;

let given: TestStripe;
let stripe: Stripe;
let catcher: Catcher;

beforeEach(async () => {
  catcher = await webhookCatcher();
  given = await testStripe({ webhooks: { on: false, retryMs: [5, 5] } });
  stripe = given.stripe;
});
afterEach(async () => {
  await given.stop();
  await catcher.stop();
});

const listen = (enabled_events = ['*']) =>
  stripe.webhookEndpoints.create({ url: catcher.url, enabled_events: enabled_events as ['*'] });
const idle = () => given.control('GET', 'webhooks?idle=true');

describe('a webhook', () => {
  it('is signed as Stripe signs, over what was sent', async () => {
    const { id, secret } = await listen();
    expect(secret).toMatch(/^whsec_/);
    expect(await stripe.webhookEndpoints.retrieve(id)).not.toHaveProperty('secret');
    const customer = await stripe.customers.create({ email: 'ada@example.com' });
    await catcher.until((caught) => caught.length === 1);

    const [{ body, signature }] = catcher.caught as [Catcher['caught'][number]];
    const event = stripe.webhooks.constructEvent(body, signature, secret!);
    expect(event).toMatchObject({
      object: 'event',
      api_version: '2026-10-28.endive',
      type: 'customer.created',
      livemode: false,
      data: { object: { id: customer.id, object: 'customer' } },
      request: { id: expect.stringMatching(/^req_/) },
    });
    expect(() => stripe.webhooks.constructEvent(body, signature, 'whsec_another')).toThrow(
      Stripe.errors.StripeSignatureVerificationError,
    );
    expect(await stripe.events.retrieve(event.id)).toMatchObject({ id: event.id, pending_webhooks: 0 });
  });

  it('says what an update changed', async () => {
    const { id } = await stripe.customers.create({ name: 'Ada', metadata: { a: '1' } });
    await listen(['customer.updated']);
    await stripe.customers.update(id, { name: 'Ada L.', metadata: { a: '2' } });
    await catcher.until((caught) => caught.length === 1);
    expect(catcher.caught[0]!.event.data).toMatchObject({
      previous_attributes: { name: 'Ada', metadata: { a: '1' } },
    });
  });

  it('goes to every endpoint that wants its type, signed with its own secret', async () => {
    const first = await listen(['product.created']);
    const second = await listen(['*']);
    await stripe.customers.create({});
    await stripe.products.create({ name: 'Pro' });
    await idle();
    expect(catcher.caught.map((one) => one.event.type).sort()).toEqual([
      'customer.created',
      'product.created',
      'product.created',
    ]);
    const valid = (secret: string) =>
      catcher.caught.filter(({ body, signature }) => isValid(body, signature, secret)).length;
    expect([valid(first.secret!), valid(second.secret!)]).toEqual([1, 2]);
    await stripe.webhookEndpoints.update(second.id, { disabled: true });
    await stripe.webhookEndpoints.del(first.id);
    await stripe.products.create({ name: 'Team' });
    await idle();
    expect(catcher.caught).toHaveLength(3);
  });

  it('asks for events that there are', async () => {
    await expect(listen(['customer.subscription.updted'])).rejects.toMatchObject({
      ...{ statusCode: 400, param: 'enabled_events[0]' },
    });
    // Which thin events alone tell.
    await expect(listen(['billing.meter.no_meter_found'])).rejects.toMatchObject({ statusCode: 400 });
    const { id } = await listen(['invoice.paid', '*']);
    await expect(
      stripe.webhookEndpoints.update(id, { enabled_events: ['invoice.payed' as 'invoice.paid'] }),
    ).rejects.toMatchObject({ param: 'enabled_events[0]' });
    const ask = (...enabled_events: string[]) =>
      stripe.v2.core.eventDestinations.create({
        ...{ name: 'thin', type: 'webhook_endpoint', event_payload: 'thin', enabled_events },
        webhook_endpoint: { url: catcher.url },
      });
    await expect(ask('invoice.paid')).rejects.toMatchObject({ statusCode: 400 });
    expect(await ask('v1.invoice.paid', '*')).toMatchObject({ status: 'enabled' });
  });

  it('is signed with both secrets while one is being rolled', async () => {
    const { id, secret } = await listen();
    const { secret: next } = await given.control<{ secret: string }>('POST', 'webhooks', { roll_secret: id });
    await stripe.customers.create({});
    await idle();
    const [{ body, signature }] = catcher.caught as [Catcher['caught'][number]];
    expect([secret!, next].map((one) => isValid(body, signature, one))).toEqual([true, true]);
  });

  it('is tried again until it is taken, then given up', async () => {
    await listen();
    catcher.status = 500;
    await stripe.customers.create({});
    await catcher.until((caught) => caught.length === 2);
    catcher.status = 200;
    await catcher.until((caught) => caught.length === 3);
    expect(new Set(catcher.caught.map((one) => one.event.id)).size).toBe(1);
    expect(given.local.webhooks.list()).toMatchObject([{ attempts: 3 }]);
  });

  it('comes twice, and in any order, by a choice that a seed repeats', async () => {
    const play = async (seed: number) => {
      catcher.caught.length = 0;
      await given.control('POST', 'webhooks', { chaos: true, seed, max_delay_ms: 0 });
      for (let i = 0; i < 40; i++) await stripe.products.create({ name: String(i) });
      await idle();
      const names = catcher.caught.map((one) => String(one.event.data.object.name));
      return names.map((name) => names.filter((other) => other === name).length);
    };
    await listen();
    const first = await play(7);
    expect(Math.max(...first)).toBeGreaterThan(1);
    expect(new Set(first)).toContain(1);
    expect((await play(7)).sort()).toEqual(first.sort());

    catcher.caught.length = 0;
    await given.control('POST', 'webhooks', { chaos: true, seed: 3, max_delay_ms: 40 });
    for (let i = 0; i < 30; i++) await stripe.products.create({ name: String(i).padStart(2, '0') });
    await idle();
    const order = catcher.caught.map((one) => String(one.event.data.object.name));
    expect(order).not.toEqual([...order].sort());
    expect(new Set(order).size).toBe(30);
  });

  it('can be held, released in another order, and sent again', async () => {
    await listen();
    await given.control('POST', 'webhooks', { hold: true });
    for (const name of ['1', '2', '3']) await stripe.products.create({ name });
    expect(catcher.caught).toHaveLength(0);
    expect(await given.control('POST', 'webhooks', { release: 'reversed' })).toMatchObject({ released: 3 });
    await idle();
    expect(catcher.caught).toHaveLength(3);
    const { id } = catcher.caught[0]!.event;
    expect(await given.control('POST', 'webhooks', { redeliver: id })).toMatchObject({ redelivered: true });
    await idle();
    expect(catcher.caught.filter((one) => one.event.id === id)).toHaveLength(2);
  });

  it('of any type is sent on demand, thin ones without what they are about', async () => {
    const { webhook_endpoint: at } = await stripe.v2.core.eventDestinations.create({
      name: 'thin',
      type: 'webhook_endpoint',
      event_payload: 'thin',
      enabled_events: ['v1.billing.meter.error_report_triggered'],
      webhook_endpoint: { url: catcher.url },
      include: ['webhook_endpoint.signing_secret'],
    });
    await listen(['payout.paid']);
    await given.control('POST', 'events', { type: 'payout.paid', object: { id: 'po_1', object: 'payout' } });
    await given.control('POST', 'events', {
      type: 'v1.billing.meter.error_report_triggered',
      thin: true,
      data: { developer_message_summary: 'x' },
      related_object: { id: 'mtr_1', type: 'billing.meter', url: '/v1/billing/meters/mtr_1' },
    });
    await catcher.until((caught) => caught.length === 2);
    const thin = catcher.caught.find((one) => one.event.object === 'v2.core.event')!;
    expect(thin.event).not.toHaveProperty('data');
    const notification = stripe.parseEventNotification(thin.body, thin.signature, at!.signing_secret!);
    expect(await notification.fetchEvent()).toMatchObject({ data: { developer_message_summary: 'x' } });
  });
});

describe('a destination for thin events', () => {
  it('shows where it sends and its secret to who asks for them, and can be changed, disabled and enabled', async () => {
    const { eventDestinations } = stripe.v2.core;
    const made = await eventDestinations.create({
      name: 'thin',
      type: 'webhook_endpoint',
      event_payload: 'thin',
      enabled_events: ['v1.invoice.paid'],
      webhook_endpoint: { url: catcher.url },
    });
    expect(made.webhook_endpoint).toEqual({});
    await eventDestinations.disable(made.id);
    const [listed] = (await eventDestinations.list({ include: ['webhook_endpoint.url'] })).data;
    expect(listed).toMatchObject({ status: 'disabled', webhook_endpoint: { url: catcher.url } });
    await eventDestinations.update(made.id, { enabled_events: ['v1.invoice.sent'] });
    await eventDestinations.enable(made.id);
    expect(await eventDestinations.retrieve(made.id)).toMatchObject({
      ...{ status: 'enabled', enabled_events: ['v1.invoice.sent'], name: 'thin' },
      webhook_endpoint: {},
    });
    const secretAgain = { include: ['webhook_endpoint.signing_secret'] };
    await expect(eventDestinations.retrieve(made.id, secretAgain)).rejects.toThrow();
    await eventDestinations.del(made.id);
    expect((await eventDestinations.list()).data).toEqual([]);
  });
});

function isValid(body: string, signature: string, secret: string): boolean {
  try {
    Stripe.webhooks.constructEvent(body, signature, secret);
    return true;
  } catch {
    return false;
  }
}
