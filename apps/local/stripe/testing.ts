import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { API_VERSION } from './books.js';
import { bodyOf } from './http.js';
import { LocalStripe } from './local-stripe.js';
import type { LocalStripeOptions } from './local-stripe.js';

/** A Stripe of the test's own, and the real SDK talking to it. */
export interface TestStripe {
  local: LocalStripe;
  stripe: Stripe;
  control<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  stop(): Promise<void>;
}

export const TEST_KEY = 'sk_test_localstripe';

export async function testStripe(options: LocalStripeOptions = {}): Promise<TestStripe> {
  const local = await LocalStripe.start({ webhooks: { on: false }, ...options });
  return {
    local,
    stripe: sdkFor(local.url),
    control: async (method, path, body) => {
      const answer = await fetch(`${local.url}/_control/${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      return (await answer.json()) as never;
    },
    stop: () => local.stop(),
  };
}

/** The SDK as the product uses it: pinned version, its host by setting. */
export function sdkFor(
  url: string,
  options: { key?: string; maxNetworkRetries?: number; timeout?: number } = {},
): Stripe {
  const { hostname, port } = new URL(url);
  const { key = TEST_KEY, maxNetworkRetries = 0, timeout = 5_000 } = options;
  return new Stripe(key, {
    apiVersion: API_VERSION,
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries,
    timeout,
    telemetry: false,
  });
}

export interface Sold {
  product: Stripe.Product;
  pro: Stripe.Price;
  proYearly: Stripe.Price;
  team: Stripe.Price;
}

/** What Gatehouse sells. */
export async function sell(stripe: Stripe): Promise<Sold> {
  const product = await stripe.products.create({ name: 'Pro' });
  const price = (product: string, unit_amount: number, interval: 'month' | 'year', lookup_key: string) =>
    stripe.prices.create({ product, currency: 'usd', unit_amount, recurring: { interval }, lookup_key });
  const team = await stripe.products.create({ name: 'Team' });
  return {
    product,
    pro: await price(product.id, 4_900, 'month', 'pro_monthly'),
    proYearly: await price(product.id, 49_000, 'year', 'pro_yearly'),
    team: await price(team.id, 9_900, 'month', 'team_monthly'),
  };
}

/** A customer with a card, of a test clock if one is given. */
export async function customerWith(
  stripe: Stripe,
  card = 'pm_card_visa',
  clock?: string,
): Promise<Stripe.Customer> {
  return stripe.customers.create({
    email: 'ada@example.com',
    payment_method: card,
    invoice_settings: { default_payment_method: card },
    ...(clock ? { test_clock: clock } : {}),
  });
}

/** Advances a test clock and comes back when everything that fell due has happened. */
export async function advance(stripe: Stripe, clock: string, to: number): Promise<void> {
  await stripe.testHelpers.testClocks.advance(clock, { frozen_time: to });
  while ((await stripe.testHelpers.testClocks.retrieve(clock)).status !== 'ready')
    await new Promise(setImmediate);
}

export interface Bench extends TestStripe {
  sold: Sold;
  /** The test clock that its customers live by; of this test alone. */
  readonly clock: string;
  newCustomer(card?: string): Promise<Stripe.Customer>;
  /** Somebody new, to Pro unless said otherwise, with the first invoice and its payments. */
  subscribe(how?: Partial<Stripe.SubscriptionCreateParams> & { card?: string }): Promise<Stripe.Subscription>;
  /** As it is now, with its last invoice. */
  look(id: string): Promise<Stripe.Subscription>;
  /** Moves that clock, and comes back when everything that fell due has happened. */
  advance(to: number): Promise<void>;
}

/**
 * What a spec of things that are sold works at, until it ends: say it once, at its beginning. `clockFrom`: every test begins
 * with a test clock that stands at that second.
 */
export async function bench({ clockFrom }: { clockFrom?: number } = {}): Promise<Bench> {
  const given = await testStripe();
  const { stripe } = given;
  const sold = await sell(stripe);
  let clock: string | undefined;
  afterAll(() => given.stop());
  if (clockFrom !== undefined)
    beforeEach(async () => {
      clock = (await stripe.testHelpers.testClocks.create({ frozen_time: clockFrom })).id;
    });
  const newCustomer = (card?: string) => customerWith(stripe, card, clock);
  return {
    ...given,
    sold,
    get clock() {
      return clock!;
    },
    newCustomer,
    subscribe: async ({ card, ...more } = {}) =>
      stripe.subscriptions.create({
        customer: (await newCustomer(card)).id,
        items: [{ price: sold.pro.id }],
        expand: ['latest_invoice.payments'],
        ...more,
      }),
    look: (id) => stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] }),
    advance: (to) => advance(stripe, clock!, to),
  };
}

export interface Caught {
  body: string;
  signature: string;
  event: {
    id: string;
    type: string;
    created: number;
    object: string;
    data: { object: Record<string, unknown> };
  };
}

/** An endpoint that catches webhooks; `status` is what it answers. */
export async function webhookCatcher(): Promise<{
  url: string;
  caught: Caught[];
  status: number;
  until(done: (caught: Caught[]) => boolean): Promise<void>;
  stop(): Promise<void>;
}> {
  const caught: Caught[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      caught.push({ body, signature: String(request.headers['stripe-signature']), event: JSON.parse(body) });
      response.writeHead(catcher.status).end();
      server.emit('caught');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const catcher = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    caught,
    status: 200,
    until: async (done: (caught: Caught[]) => boolean) => {
      while (!done(caught)) await once(server, 'caught');
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return catcher;
}
