import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, Clock, Db } from '#platform';
import { ReadContact } from '#identity';
import { DescribeTenant } from '#tenancy';
import { BillingConfig } from '../billing.config.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { StripeWrites } from '../persistence/stripe-writes.js';
import { StripeGateway, type Write, type WriteMarks } from '../stripe/stripe-gateway.js';

interface CustomerParams extends Record<string, unknown> {
  name: string;
  email: string | null;
  testClock: string | null;
}

/** A tenant's one customer at Stripe, made when it is first needed. */
@Injectable()
export class EnsureCustomer {
  constructor(
    private readonly db: Db,
    private readonly accounts: BillingAccounts,
    private readonly writes: StripeWrites,
    private readonly gateway: StripeGateway,
    private readonly tenants: DescribeTenant,
    private readonly readContact: ReadContact,
    private readonly config: BillingConfig,
    private readonly clock: Clock,
  ) {}

  /** Its id. Never inside a transaction. Throws like {@link StripeGateway.write}. */
  async execute(actor: Actor): Promise<string> {
    const [standing, contact] = await Promise.all([
      this.tenants.execute(actor),
      actor.type === 'user' ? this.readContact.execute(actor, actor.id!) : null,
    ]);
    const write = this.write({
      name: standing?.tenant.name ?? '',
      email: contact?.email ?? null,
      testClock: this.config.testClock ?? null,
    });
    // Under the lock, so that two who come at once are one write.
    const found = await this.db.transaction(actor, async () => {
      const { customerId } = await this.accounts.lock(this.clock.now());
      return customerId ?? this.writes.begin(actor, write);
    });
    if (typeof found === 'string') return found;
    return (await this.gateway.write(actor, write, found)).id;
  }

  private write(params: CustomerParams): Write<Stripe.Customer, CustomerParams> {
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
      find: (stripe, { email }, marks) => findCustomer(stripe, email, marks),
      done: async ({ id }) => {
        await this.accounts.lock(this.clock.now());
        await this.accounts.link(id);
      },
    };
  }
}

/** By listing: Stripe's search is minutes behind (docs.stripe.com/search#data-freshness), and an address has few customers. */
async function findCustomer(
  stripe: Stripe,
  email: string | null,
  { gatehouse_write: write }: WriteMarks,
): Promise<Stripe.Customer | null> {
  const found = await stripe.customers.list({ ...(email ? { email } : {}), limit: 100 });
  return found.data.find((one) => one.metadata?.gatehouse_write === write) ?? null;
}
