import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, Clock, Db } from '#platform';
import { ReadContact } from '#identity';
import { DescribeTenant } from '#tenancy';
import { BillingConfig } from '../billing.config.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { Checkouts } from '../persistence/checkouts.js';
import { StripeWrites } from '../persistence/stripe-writes.js';
import { busy } from '../stripe/stripe-failures.js';
import { orNull } from '../stripe/look.js';
import { StripeGateway, type Write, type WriteMarks } from '../stripe/stripe-gateway.js';

export interface CustomerParams extends Record<string, unknown> {
  name: string;
  email: string | null;
  testClock: string | null;
}

/** A tenant's one customer at Stripe, made when it is first needed, and anew when somebody has deleted it there. */
@Injectable()
export class EnsureCustomer {
  constructor(
    private readonly db: Db,
    private readonly accounts: BillingAccounts,
    private readonly checkouts: Checkouts,
    private readonly writes: StripeWrites,
    private readonly gateway: StripeGateway,
    private readonly tenants: DescribeTenant,
    private readonly readContact: ReadContact,
    private readonly config: BillingConfig,
    private readonly clock: Clock,
  ) {}

  /** Its id. Never inside a transaction. Throws like {@link StripeGateway.write}. */
  async execute(actor: Actor): Promise<string> {
    const account = await this.accounts.get(actor);
    const { contacts } = account;
    const [standing, contact, gone] = await Promise.all([
      this.tenants.execute(actor),
      actor.type === 'user' ? this.readContact.execute(actor, actor.id!) : null,
      this.gone(account),
    ]);
    const write = this.write({
      name: standing?.tenant.name ?? '',
      email: contacts[0] ?? contact?.email ?? null,
      testClock: this.config.testClock ?? null,
    });
    // Under the lock, so that two who come at once are one write.
    const found = await this.db.transaction(actor, async () => {
      const { customerId } = await this.accounts.lock(this.clock.now());
      if (customerId && customerId !== gone) return customerId;
      if (customerId) {
        await this.accounts.letGo(customerId);
        // Nobody can pay at its page any more.
        await this.checkouts.close(actor);
      }
      return this.writes.begin(actor, write);
    });
    if (typeof found === 'string') return found;
    return (await this.gateway.write(actor, write, found)).id;
  }

  /** The customer that we know, if it was deleted. One that Stripe never heard of is no such: the key may be another account's. */
  private async gone({ customerId }: BillingAccount): Promise<string | null> {
    if (!customerId) return null;
    const there = await this.gateway.read('look_customer', (stripe) => stripe.customers.retrieve(customerId));
    return there.deleted ? customerId : null;
  }

  /** How Stripe is asked for it; also by who finishes it. */
  write(params: CustomerParams): Write<Stripe.Customer, CustomerParams> {
    return {
      verb: 'create_customer',
      params,
      // A name that changes meanwhile makes no second customer.
      identity: 'customer',
      make: (stripe, { name, email, testClock }, marks, options) =>
        stripe.customers.create(
          {
            name,
            ...(email ? { email } : {}),
            ...(testClock ? { test_clock: testClock } : {}),
            metadata: { ...marks },
          },
          options,
        ),
      find: findCustomer,
      done: async ({ id }) => {
        await this.accounts.lock(this.clock.now());
        // An event has linked another one meanwhile: whoever comes again gets that. What is bought by one who is nobody's
        // here would be paid and never given.
        if (!(await this.accounts.link(id))) throw busy();
      },
    };
  }
}

const HOUR_S = 3_600;
/** Of one list; nobody makes more of them in a day. */
const CUSTOMERS_MAX = 10_000;

/**
 * By listing: Stripe's search is minutes behind (docs.stripe.com/search#data-freshness). A test clock and an address have
 * few customers; without either it is among those of the day, by clocks that may differ by an hour.
 */
async function findCustomer(
  stripe: Stripe,
  { email, testClock }: CustomerParams,
  { gatehouse_write: write }: WriteMarks,
  begunAt: Date,
): Promise<Stripe.Customer | null> {
  const begun = Math.floor(begunAt.getTime() / 1_000);
  const among: Stripe.CustomerListParams =
    // Stripe lists those of a clock only when it is named; when the clock was deleted, they were, too.
    testClock
      ? { test_clock: testClock }
      : email
        ? { email }
        : { created: { gte: begun - HOUR_S, lte: begun + 25 * HOUR_S } };
  const found = await orNull(
    stripe.customers.list({ ...among, limit: 100 }).autoPagingToArray({ limit: CUSTOMERS_MAX }),
  );
  return found?.find((one) => one.metadata?.gatehouse_write === write) ?? null;
}
