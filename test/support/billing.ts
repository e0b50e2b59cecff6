import type Stripe from 'stripe';
import { eventually } from './eventually.js';
import { journeyProduct } from './journey.js';
import { type Answer, call, type RegisteredBody, signUp, succeed } from './person.js';
import type { Product } from './product.js';
import { type JourneyStripe, startStripe } from './stripe.js';

/** The wire form of what a tenant has bought. */
export interface SubscriptionBody {
  state: string;
  reasons: string[];
  access: string;
  plan: string;
  interval: string | null;
  seats: number | null;
  trial_ends_at: string | null;
  ends_at: string | null;
  unpaid: { amount: number; currency: string } | null;
  revision: number;
}

export interface BillingWorld {
  product: Product;
  stripe: JourneyStripe;
  /** An owner with a proved address. */
  owner(): Promise<Buyer>;
}

export class Buyer {
  constructor(
    private readonly world: BillingWorld,
    readonly body: RegisteredBody,
  ) {}

  private get bearer(): string {
    return this.body.access_token;
  }

  ask<T>(path: string, body?: unknown, method?: string): Promise<Answer<T>> {
    return call<T>(`${this.world.product.v1}${path}`, { bearer: this.bearer, body, method });
  }

  get<T>(path: string): Promise<T> {
    return succeed<T>(`${this.world.product.v1}${path}`, { bearer: this.bearer });
  }

  change(body: unknown): Promise<SubscriptionBody> {
    return succeed<SubscriptionBody>(`${this.world.product.v1}/billing/subscription`, {
      method: 'PATCH',
      bearer: this.bearer,
      body,
    });
  }

  /** Once it is like that. */
  async stands(expected: Partial<SubscriptionBody>): Promise<SubscriptionBody> {
    return eventually(
      async () => {
        const seen = await this.get<SubscriptionBody>('/billing/subscription');
        expect(seen).toMatchObject(expected);
        return seen;
      },
      { withinMs: 20_000 },
    );
  }

  /** Its licence, once it is like that. */
  async licensed(expected: { tier: string; max_seats: number; status?: string }): Promise<void> {
    await eventually(
      async () => {
        const { data } = await this.get<{ data: unknown[] }>('/licenses');
        expect(data[0]).toMatchObject(expected);
      },
      { withinMs: 20_000 },
    );
  }

  /** Opens the checkout and pays there, as a browser would. */
  async buy(body: Record<string, unknown>, card = 'visa'): Promise<void> {
    const opened = await this.ask<{ url: string }>('/billing/checkout', body);
    expect([opened.status, opened.body]).toEqual([200, expect.objectContaining({ url: expect.any(String) })]);
    await pay(opened.body.url, card);
  }

  async customer(): Promise<Stripe.Customer> {
    const [row] = await this.world.product.query<{ customer_id: string }>(
      'select customer_id from billing.accounts where tenant_id = $1',
      [this.body.tenant.id],
    );
    return (await this.world.stripe.stripe.customers.retrieve(row!.customer_id)) as Stripe.Customer;
  }
}

/** The page of the local Stripe, as its form is sent. */
export async function pay(url: string, card = 'visa'): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin },
    body: new URLSearchParams({ card, action: 'pay' }),
    redirect: 'manual',
  });
}

/**
 * The product with a Stripe of its own, whose catalogue is what plans.yaml says. With `clock` every customer lives by one
 * test clock, which the test moves.
 */
export function billingWorld(
  settings: Record<string, string> = {},
  prepare: (stripe: JourneyStripe) => Promise<Record<string, string>> = () => Promise.resolve({}),
): BillingWorld {
  const more: Record<string, string> = {};
  let stripe: JourneyStripe;
  beforeAll(async () => {
    stripe = await startStripe();
    Object.assign(more, settings, stripe.settings, await prepare(stripe));
  });
  const product = journeyProduct(more);
  const world: BillingWorld = {
    product,
    get stripe() {
      return stripe;
    },
    owner: async () => new Buyer(world, await signUp(product.api.url)),
  };
  beforeAll(async () => {
    stripe.sendTo(product.v1);
    await product.admin('catalog', 'apply', '--reason', 'a test');
  }, 60_000);
  afterAll(() => stripe?.stop());
  return world;
}
