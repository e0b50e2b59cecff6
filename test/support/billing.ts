import type Stripe from 'stripe';
import { eventually } from './eventually.js';
import { journeyProduct } from './journey.js';
import { mailsTo } from './mail.js';
import { type Answer, call, type RegisteredBody, signUp, succeed } from './person.js';
import { type Product, sellCatalogue } from './product.js';
import { type JourneyStripe, pay, startStripe } from './stripe.js';

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
  discount: object | null;
  revision: number;
}

/** Until an event has come, was applied and has led to the next. */
const PATIENT = { withinMs: 40_000 };

export interface BillingWorld {
  product: Product;
  stripe: JourneyStripe;
  /** An owner with a proved address. */
  owner(): Promise<Buyer>;
  /** One who has bought Team, and tries it. */
  subscriber(): Promise<Buyer>;
}

/** An organisation, by its owner. Without a Stripe: where nothing is sold. */
export class Buyer {
  constructor(
    private readonly world: Pick<BillingWorld, 'product'> & { readonly stripe?: JourneyStripe },
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
    return eventually(async () => {
      const seen = await this.get<SubscriptionBody>('/billing/subscription');
      expect(seen).toMatchObject(expected);
      return seen;
    }, PATIENT);
  }

  /** Its licence, once it is like that. */
  async licensed(expected: { tier: string; max_seats: number; status?: string }): Promise<void> {
    await eventually(async () => {
      const { data } = await this.get<{ data: unknown[] }>('/licenses');
      expect(data[0]).toMatchObject(expected);
    }, PATIENT);
  }

  /** Opens the checkout and pays there, as a browser would. */
  async buy(body: Record<string, unknown>, card = 'visa'): Promise<void> {
    const opened = await this.ask<{ url: string }>('/billing/checkout', body);
    expect([opened.status, opened.body]).toEqual([200, expect.objectContaining({ url: expect.any(String) })]);
    await pay(opened.body.url, card);
  }

  /** An operator agrees a contract of Enterprise, until then. */
  agree(endsAt: Date, seats = 40): Promise<string> {
    return this.world.product.admin(
      ...['billing', 'contract', this.body.tenant.id, '--plan', 'enterprise', '--seats', String(seats)],
      ...['--ends', endsAt.toISOString(), '--reason', 'a test'],
    );
  }

  /** Once the owner was written to about it. */
  async mailed(subject: RegExp): Promise<void> {
    await eventually(async () => {
      const mails = await mailsTo(this.body.user.email, 0);
      expect(mails.map((one) => one.subject).join('\n')).toMatch(subject);
    }, PATIENT);
  }

  async customer(): Promise<Stripe.Customer> {
    const [row] = await this.world.product.query<{ customer_id: string }>(
      'select customer_id from billing.accounts where tenant_id = $1',
      [this.body.tenant.id],
    );
    return (await this.stripe.customers.retrieve(row!.customer_id)) as Stripe.Customer;
  }

  /** The one that its customer has. */
  async subscription(): Promise<Stripe.Subscription> {
    const { id: customer } = await this.customer();
    return (await this.stripe.subscriptions.list({ customer })).data[0]!;
  }

  /** All that there were, of whichever customer, the newest first. */
  async subscriptions(): Promise<Stripe.Subscription[]> {
    const { data } = await this.stripe.subscriptions.list({ limit: 100, status: 'all' });
    return data.filter((one) => one.metadata.tenant_id === this.body.tenant.id);
  }

  /** The pages where it could pay, also those that are over; the newest first. */
  async sessions(): Promise<Stripe.Checkout.Session[]> {
    const { data } = await this.stripe.checkout.sessions.list({ limit: 100 });
    return data.filter((one) => one.metadata?.tenant_id === this.body.tenant.id);
  }

  private get stripe(): Stripe {
    return this.world.stripe!.stripe;
  }
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
    subscriber: async () => {
      const owner = await world.owner();
      await owner.buy({ plan: 'TEAM' });
      await owner.stands({ state: 'trial', plan: 'TEAM', seats: 5 });
      return owner;
    },
  };
  beforeAll(async () => {
    stripe.sendTo(product.v1);
    await sellCatalogue(product);
  });
  afterAll(() => stripe?.stop());
  return world;
}
