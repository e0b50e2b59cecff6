import { Injectable } from '@nestjs/common';
import { DomainError, Log, retryWait } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { Prices } from '../catalogue/prices.js';
import { isOurs } from '../domain/ours.js';
import { BillingWorkConfig } from '../dunning.config.js';
import { type Ending, Endings } from '../persistence/endings.js';
import { subscriptionFacts } from '../stripe/look.js';
import { OpenPages, unlessOver } from '../stripe/open-pages.js';
import { failureWord } from '../stripe/stripe-failures.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { ApplyingLoop } from './applying-loop.js';

const BATCH = 10;
/** Of a worker that was killed another takes over after so many ms. */
const LEASE_MS = 60_000;
const WAIT_MAX_MS = 900_000;
/** What ended is looked at again: somebody may have paid at an open page in that moment. */
const LOOKS = 3;
/** Stripe's most for a page; nobody has more. */
const PAGE = 100;

/** Ends whatever a customer could go on paying: open pages first, then subscriptions. Until nothing is left, however long Stripe is away. */
@Injectable()
export class EndCustomers extends ApplyingLoop {
  constructor(
    private readonly endings: Endings,
    private readonly gateway: StripeGateway,
    private readonly pages: OpenPages,
    private readonly prices: Prices,
    billing: BillingConfig,
    work: BillingWorkConfig,
    log: Log,
  ) {
    super('The end of customers', billing, work, log);
  }

  /** One batch; true when there may be more. */
  async turn(): Promise<boolean> {
    const taken = await this.endings.take(BATCH, LEASE_MS);
    for (const one of taken) {
      try {
        await this.end(one);
        await this.endings.finish(one.customerId);
      } catch (error) {
        const failure = failureWord(error instanceof DomainError && error.cause ? error.cause : error);
        const waitMs = retryWait(one.attempts, { retryMs: this.work.retryMs, retryMaxMs: WAIT_MAX_MS });
        await this.endings.postpone(one.customerId, waitMs, failure);
        this.log.warn(
          { error, customer: one.customerId, attempts: one.attempts },
          'A customer could not be ended at Stripe; it is tried again.',
        );
      }
    }
    return taken.length === BATCH;
  }

  private async end({ customerId, key, attempts }: Ending): Promise<void> {
    // One that Stripe does not know is none to be done with: the key may be another account's.
    const customer = await this.gateway.read('look_customer', (stripe) =>
      stripe.customers.retrieve(customerId),
    );
    if (customer.deleted) return;
    for (let look = 0; look < LOOKS; look++) {
      // Each attempt asks under keys of its own: Stripe keeps its own faults under theirs for a day.
      const under = `${key}-${attempts}-${look}`;
      const pages = await this.pages.close(customerId, under);
      if (pages + (await this.cancelAll(customerId, under)) === 0) return;
    }
    throw new Error('It goes on.');
  }

  private async cancelAll(customer: string, under: string): Promise<number> {
    // Without a status it lists all that have not been cancelled.
    const listed = await this.gateway.read('look_subscriptions', (stripe) =>
      stripe.subscriptions.list({ customer, limit: PAGE }),
    );
    // What else the account at Stripe sells to them is none of ours to end.
    const left = listed.data.filter(
      (one) => one.status !== 'incomplete_expired' && isOurs(subscriptionFacts(one, null), this.prices.list),
    );
    for (const { id } of left) {
      await this.gateway
        .change({
          verb: 'cancel_subscription',
          what: { id, under },
          make: (stripe, options) => stripe.subscriptions.cancel(id, {}, options),
        })
        .catch(unlessOver);
    }
    return left.length;
  }
}
