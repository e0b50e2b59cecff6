import type Stripe from 'stripe';
import { sdkFor, TEST_KEY, testStripe } from './testing.js';
import type { TestStripe } from './testing.js';

let given: TestStripe;
let stripe: Stripe;
let time = Date.parse('2026-11-22T12:00:00Z');

beforeAll(async () => {
  given = await testStripe({ apiKeys: [TEST_KEY], realTime: () => time });
  stripe = given.stripe;
});
afterAll(() => given.stop());

const plainly = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${given.local.url}${path}`, {
    headers: { authorization: `Bearer ${TEST_KEY}`, ...headers },
    ...init,
  });

describe('who may ask', () => {
  it('is whoever has the secret key, as bearer or basic', async () => {
    expect((await plainly('/v1/customers')).status).toBe(200);
    const basic = `Basic ${Buffer.from(`${TEST_KEY}:`).toString('base64')}`;
    expect((await plainly('/v1/customers', { authorization: basic })).status).toBe(200);
  });

  it.each([
    ['no key', '', /did not provide an API key/],
    ['another key', 'Bearer sk_test_another1234567', /^Invalid API Key provided: sk_test_\*+4567$/],
    ['a live key', 'Bearer sk_live_abcdefghijklmnop', /^Invalid API Key/],
    ['a publishable key', 'Bearer pk_test_abcdefghijkl', /publishable/],
  ])('is nobody with %s', async (_, authorization, message) => {
    const answer = await plainly('/v1/customers', { authorization });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.stringMatching(message) },
    });
  });

  it('speaks one version, and says which request it answers', async () => {
    expect((await plainly('/v1/customers', { 'stripe-version': '2020-08-27' })).status).toBe(400);
    const { lastResponse } = await stripe.customers.list();
    expect(lastResponse.requestId).toMatch(/^req_/);
    expect(lastResponse.headers['stripe-version']).toBe('2026-10-28.endive');
  });

  it('is not a page that was lured here by its name', async () => {
    const { port } = new URL(given.local.url);
    const answer = await import('node:http').then(
      ({ get }) =>
        new Promise<number>((resolve) =>
          get({ port, host: '127.0.0.1', headers: { host: 'evil.example' } }, (one) =>
            resolve(one.resume().statusCode!),
          ),
        ),
    );
    expect(answer).toBe(421);
  });
});

describe('an idempotency key', () => {
  it('gets the first answer again, for 24 hours of the clock', async () => {
    const options = { idempotencyKey: 'first' };
    const made = await stripe.customers.create({ name: 'Ada' }, options);
    const again = await stripe.customers.create({ name: 'Ada' }, options);
    expect(again.id).toBe(made.id);
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');

    time += 25 * 3_600_000;
    expect((await stripe.customers.create({ name: 'Ada' }, options)).id).not.toBe(made.id);
  });

  it('is refused with other parameters, and for another endpoint', async () => {
    await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'second' });
    await expect(
      stripe.customers.create({ name: 'Bob' }, { idempotencyKey: 'second' }),
    ).rejects.toMatchObject({
      type: 'StripeIdempotencyError',
      statusCode: 400,
    });
    await expect(stripe.products.create({ name: 'Ada' }, { idempotencyKey: 'second' })).rejects.toThrow(
      /same endpoint/,
    );
  });

  it('keeps a decline, but not a request that was malformed', async () => {
    const options = { idempotencyKey: 'third' };
    await expect(
      stripe.customers.create({ payment_method: 'pm_card_chargeDeclined' }, options),
    ).rejects.toMatchObject({ code: 'card_declined' });
    await expect(
      stripe.customers.create({ payment_method: 'pm_card_chargeDeclined' }, options),
    ).rejects.toMatchObject({
      headers: { 'idempotent-replayed': 'true' },
    });
    await expect(
      stripe.customers.create({ nonsense: 1 } as never, { idempotencyKey: 'fourth' }),
    ).rejects.toThrow();
    await stripe.customers.create({}, { idempotencyKey: 'fourth' });
  });

  it('has no effect on a GET or a DELETE of v1, and one on a DELETE of v2', async () => {
    const options = { idempotencyKey: 'to-delete' };
    const { id } = await stripe.products.create({ name: 'Gone soon' });
    await stripe.products.retrieve(id, {}, options);
    await stripe.products.del(id, {}, options);
    await expect(stripe.products.del(id, {}, options)).rejects.toMatchObject({ statusCode: 404 });
    expect(await stripe.customers.create({}, options)).toMatchObject({ object: 'customer' });

    const { eventDestinations } = stripe.v2.core;
    const there = await eventDestinations.create({
      ...{ name: 'thin', type: 'webhook_endpoint', event_payload: 'thin' },
      enabled_events: ['v1.billing.meter.no_meter_found'],
      webhook_endpoint: { url: 'http://127.0.0.1:9/hooks' },
    });
    const toForget = { idempotencyKey: 'to-forget' };
    await eventDestinations.del(there.id, {}, toForget);
    expect(await eventDestinations.del(there.id, {}, toForget)).toMatchObject({ id: there.id });
  });

  it('in use by a request that is not done is a conflict', async () => {
    await given.control('POST', 'faults', { kind: 'hang', match: { method: 'POST', path: '/v1/customers' } });
    const hanging = stripe.customers.create({}, { idempotencyKey: 'fifth', timeout: 5_000 });
    hanging.catch(() => undefined);
    await expect(
      until(() =>
        given.local.api.asked.some((one) => one.idempotency_key === 'fifth' && one.fault === 'hang'),
      ),
    ).resolves.toBeUndefined();
    await expect(stripe.customers.create({}, { idempotencyKey: 'fifth' })).rejects.toMatchObject({
      statusCode: 409,
      code: 'idempotency_key_in_use',
    });
    await expect(hanging).rejects.toMatchObject({ type: 'StripeConnectionError' });
  });
});

const until = async (done: () => boolean) => {
  while (!done()) await new Promise(setImmediate);
};

describe('lists, expansion and metadata', () => {
  it('pages in both directions', async () => {
    for (const name of ['1', '2', '3', '4', '5']) await stripe.products.create({ name });
    const first = await stripe.products.list({ limit: 2 });
    expect(first.data.map((one) => one.name)).toEqual(['5', '4']);
    expect(first.has_more).toBe(true);
    const second = await stripe.products.list({ limit: 2, starting_after: first.data[1]!.id });
    expect(second.data.map((one) => one.name)).toEqual(['3', '2']);
    const back = await stripe.products.list({ limit: 2, ending_before: second.data[0]!.id });
    expect(back.data.map((one) => one.name)).toEqual(['5', '4']);
    const all: string[] = [];
    for await (const product of stripe.products.list({ limit: 2 })) all.push(product.name);
    expect(all).toEqual(['5', '4', '3', '2', '1']);
    await expect(stripe.products.list({ limit: 101 })).rejects.toMatchObject({
      code: 'parameter_invalid_integer',
      param: 'limit',
    });
  });

  it('expands references, within lists too, and refuses what is none', async () => {
    const product = await stripe.products.create({ name: 'Expanded' });
    const price = await stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: 100,
      expand: ['product'],
    });
    expect(price.product).toMatchObject({ id: product.id, name: 'Expanded' });
    const listed = await stripe.prices.list({ product: product.id, expand: ['data.product'] });
    expect(listed.data[0]!.product).toMatchObject({ name: 'Expanded' });
    await expect(stripe.prices.retrieve(price.id, { expand: ['currency'] })).rejects.toThrow(
      /cannot be expanded/,
    );
  });

  it('merges metadata', async () => {
    const { id } = await stripe.customers.create({ metadata: { a: '1', b: '2' } });
    expect((await stripe.customers.update(id, { metadata: { b: '', c: '3' } })).metadata).toEqual({
      a: '1',
      c: '3',
    });
    expect((await stripe.customers.update(id, { metadata: '' })).metadata).toEqual({});
    await expect(stripe.customers.update(id, { metadata: { ['x'.repeat(41)]: '1' } })).rejects.toThrow();
  });
});

describe('what this Stripe has not', () => {
  it('is refused in words that say so', async () => {
    await expect(stripe.payouts.list()).rejects.toMatchObject({
      statusCode: 404,
      message: expect.stringContaining('Unrecognized request URL'),
    });
    await expect(stripe.customers.create({ shipping: { name: 'x', address: {} } })).rejects.toMatchObject({
      code: 'parameter_unknown',
      param: 'shipping',
    });
  });

  it('says who it is', async () => {
    expect(await stripe.accounts.retrieveCurrent()).toMatchObject({
      object: 'account',
      charges_enabled: true,
    });
    expect(sdkFor(given.local.url)).toBeDefined();
  });
});
