import type Stripe from 'stripe';
import { Faults } from './faults.js';
import { customerWith, sdkFor, sell, testStripe } from './testing.js';
import type { TestStripe } from './testing.js';

let given: TestStripe;
let stripe: Stripe;

beforeAll(async () => {
  given = await testStripe();
  stripe = given.stripe;
});
afterEach(() => given.control('DELETE', 'faults'));
afterAll(() => given.stop());

const fault = (input: object) => given.control('POST', 'faults', input);
const made = () => given.local.books.store.all('customer').length;

describe('a fault on demand', () => {
  it.each([
    [500, 'StripeAPIError'],
    [429, 'StripeRateLimitError'],
    [402, 'StripeCardError'],
  ])('answers %d as often as asked, and nothing is done', async (status, type) => {
    const before = made();
    await fault({ kind: 'status', status, times: 2, match: { method: 'POST', path: '/v1/customers' } });
    for (let i = 0; i < 2; i++)
      await expect(stripe.customers.create({})).rejects.toMatchObject({ type, statusCode: status });
    expect(made()).toBe(before);
    await stripe.customers.list();
    await stripe.customers.create({});
  });

  it('hangs until the client gives up, or cuts the line', async () => {
    await fault({ kind: 'hang', match: { path: '/v1/**' } });
    await expect(stripe.customers.list({}, { timeout: 50 })).rejects.toMatchObject({
      type: 'StripeConnectionError',
    });
    // The SDK asks once more by itself when a connection was closed, whatever its number of retries.
    await fault({ kind: 'close', times: 2, match: { path: '/v1/customers/*' } });
    await expect(stripe.customers.retrieve('cus_x')).rejects.toMatchObject({ type: 'StripeConnectionError' });
  });

  it.each(['timeout_after_apply', 'close_after_apply'])(
    '%s: it was done, nobody heard, and the same key hears it',
    async (kind) => {
      const before = made();
      await fault({ kind, match: { method: 'POST', path: '/v1/customers' } });
      if (kind === 'close_after_apply') await fault({ kind: 'close', match: { method: 'POST' } });
      const options = { idempotencyKey: kind, timeout: 1_000 };
      await expect(stripe.customers.create({ name: kind }, options)).rejects.toMatchObject({
        type: 'StripeConnectionError',
      });
      expect(made()).toBe(before + 1);
      const again = await stripe.customers.create({ name: kind }, options);
      expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
      expect(made()).toBe(before + 1);
    },
  );

  it('may be kept under the key, as Stripe keeps a 500 of its own', async () => {
    await fault({ kind: 'status', kept: true, match: { method: 'POST' } });
    for (let i = 0; i < 2; i++)
      await expect(stripe.customers.create({}, { idempotencyKey: 'kept' })).rejects.toMatchObject({
        statusCode: 500,
      });
    await fault({ kind: 'status', match: { method: 'POST' } });
    await expect(stripe.customers.create({}, { idempotencyKey: 'not kept' })).rejects.toMatchObject({
      statusCode: 500,
    });
    await stripe.customers.create({}, { idempotencyKey: 'not kept' });
  });

  it('delays', async () => {
    await fault({ kind: 'delay', delay_ms: 1 });
    await stripe.customers.list();
    expect(given.local.api.asked.at(-1)).toMatchObject({ fault: 'delay', status: 200 });
  });

  it('delays no longer than it is there', async () => {
    const faults = new Faults();
    const delayed = faults.outlast(faults.add({ kind: 'delay', delay_ms: 600_000 }));
    faults.clear();
    await delayed;
    expect(faults.list()).toEqual([]);
  });

  it('is survived by the SDK’s own retries, with one key for all', async () => {
    const before = made();
    await given.control('DELETE', 'requests');
    await fault({ kind: 'status', status: 500, match: { method: 'POST', path: '/v1/customers' } });
    await sdkFor(given.local.url, { maxNetworkRetries: 1 }).customers.create({});
    const { requests } = await given.control<{ requests: { idempotency_key: string }[] }>(
      'GET',
      'requests?method=POST&path=/v1/customers',
    );
    expect(requests).toHaveLength(2);
    expect(new Set(requests.map((one) => one.idempotency_key)).size).toBe(1);
    expect(made()).toBe(before + 1);
  });

  it('is refused in words when it makes no sense, and to browsers', async () => {
    await expect(fault({ kind: 'nonsense' })).rejects.toThrow(/Invalid/);
    await expect(given.control('GET', 'nothing')).rejects.toThrow(/no such control/);
    const lured = await fetch(`${given.local.url}/_control/faults`, {
      method: 'DELETE',
      headers: { origin: 'https://evil.example' },
    });
    expect(lured.status).toBe(403);
  });
});

describe('the limits of one subscription', () => {
  it('are ten invoices a minute and 200 changes of quantity an hour', async () => {
    const sold = await sell(stripe);
    const customer = await customerWith(stripe);
    const { id, items } = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: sold.pro.id }],
    });
    const change = (quantity: number, proration_behavior: 'always_invoice' | 'none') =>
      stripe.subscriptions.update(id, { items: [{ id: items.data[0]!.id, quantity }], proration_behavior });
    for (let quantity = 2; quantity <= 10; quantity++) await change(quantity, 'always_invoice');
    await expect(change(11, 'always_invoice')).rejects.toMatchObject({
      ...{ statusCode: 429, code: 'rate_limit' },
      headers: expect.objectContaining({ 'stripe-rate-limited-reason': 'resource-specific' }),
    });
    expect((await stripe.subscriptions.retrieve(id)).items.data[0]!.quantity).toBe(10);
    for (let i = 0; i < 191; i++) await change(12 + (i % 2), 'none');
    await expect(change(99, 'none')).rejects.toMatchObject({ type: 'StripeRateLimitError' });
  });
});
