import { Injectable } from '@nestjs/common';
import { Clock, DomainError, Log } from '#platform';
import { BillingWorkConfig } from '../dunning.config.js';
import { StripeInbox, type TakenEvent } from '../persistence/stripe-inbox.js';
import { failureWord } from '../stripe/stripe-failures.js';
import { HearMeterErrors, isMeterError } from '../usage/hear-meter-errors.js';
import { FollowCustomer } from '../use-cases/follow-customer.js';
import { CustomerOfEvent } from './customer-of-event.js';
import { dispatch } from './dispatch.js';
import { eventsSettled } from './metrics.js';

/** Of a worker that was killed the others take over after so many ms. */
const LEASE_MS = 30_000;
const BATCH = 50;
/** Customers that one worker looks at at a time. */
const TOGETHER = 4;
const WAIT_MAX_MS = 900_000;
/** When nobody may ask Stripe now, in ms: longer than the gate stays closed. */
const KEPT_BACK_MS = 6_000;

/** One customer, and the events that are a reason to look at it: one look does for all of them. */
interface Work {
  customerId: string;
  events: TakenEvent[];
}

/** Applies events of Stripe, a batch at a time. */
@Injectable()
export class ApplyEvents {
  constructor(
    private readonly inbox: StripeInbox,
    private readonly customerOf: CustomerOfEvent,
    private readonly follow: FollowCustomer,
    private readonly meterErrors: HearMeterErrors,
    private readonly config: BillingWorkConfig,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** One batch; true when there may be more. */
  async execute(): Promise<boolean> {
    const taken = await this.inbox.take(BATCH, LEASE_MS);
    const works = new Map<string, Work>();
    for (const event of taken) await this.sort(event, works);
    const queue = [...works.values()];
    await Promise.all(
      Array.from({ length: Math.min(TOGETHER, queue.length) }, async () => {
        for (let work = queue.shift(); work; work = queue.shift()) await this.apply(work);
      }),
    );
    return taken.length === BATCH;
  }

  /** What nobody has to look at is settled, the rest goes to its customers. */
  private async sort(event: TakenEvent, works: Map<string, Work>): Promise<void> {
    const is = dispatch(event.type);
    if (is !== 'handled') {
      if (is === 'unknown') this.log.warn({ type: event.type }, 'An event of Stripe that we do not know.');
      await this.settle([event], 'ignored', { failure: is === 'unknown' ? 'UNKNOWN_TYPE' : null });
      return;
    }
    if (event.attempts > this.config.attempts) {
      // The attempts before ended their process: nothing was written down.
      await this.bury([event], 'ENDED_ITS_PROCESS');
      return;
    }
    try {
      if (isMeterError(event.type)) {
        await this.meterErrors.execute(event.payload);
        await this.settle([event], 'applied', {});
        return;
      }
      const customers = await this.customerOf.execute(event.payload);
      if (customers.length === 0) await this.settle([event], 'ignored', { failure: 'NO_CUSTOMER' });
      if (customers.length > 1) {
        // Each by itself, so that none waits for another.
        await this.inbox.hasten(customers, this.clock.now());
        await this.settle([event], 'applied', {});
        return;
      }
      for (const customerId of customers) {
        const work = works.get(customerId) ?? { customerId, events: [] };
        work.events.push(event);
        works.set(customerId, work);
      }
    } catch (error) {
      await this.failed([event], error);
    }
  }

  private async apply({ customerId, events }: Work): Promise<void> {
    try {
      const followed = await this.follow.execute(customerId, events[0]!.traceId);
      if (followed.outcome === 'foreign') await this.settle(events, 'ignored', { failure: followed.why });
      else await this.settle(events, 'applied', { tenantId: followed.tenantId });
    } catch (error) {
      if (error instanceof DomainError && error.code === 'TENANT_DELETED')
        await this.settle(events, 'ignored', { failure: 'TENANT_DELETED' });
      else await this.failed(events, error, customerId);
    }
  }

  private async failed(events: readonly TakenEvent[], error: unknown, customerId?: string): Promise<void> {
    const failure = failureWord(error instanceof DomainError && error.cause ? error.cause : error);
    // Nobody was asked: that is no attempt.
    const isKeptBack = error instanceof DomainError && error.code === 'BILLING_UNAVAILABLE' && !error.cause;
    const over = isKeptBack ? [] : events.filter((one) => one.attempts >= this.config.attempts);
    await this.bury(over, failure, customerId);
    for (const event of events.filter((one) => !over.includes(one))) {
      const waitMs = isKeptBack ? KEPT_BACK_MS : waitAfter(event.attempts, this.config.retryMs);
      await this.inbox.postpone([event.id], waitMs, failure, !isKeptBack);
    }
    if (!isKeptBack)
      this.log.warn({ error, events: events.map((one) => one.id) }, 'An event was not applied.');
  }

  private async bury(events: readonly TakenEvent[], failure: string, customerId?: string): Promise<void> {
    if (events.length === 0) return;
    // Whose they are, for whoever looks for what is wrong with a tenant.
    const tenantId = customerId ? await this.inbox.tenantOf(customerId) : null;
    await this.settle(events, 'dead', { tenantId, failure });
    this.log.error({ failure, events: events.map((one) => one.id) }, 'Events of Stripe were parked.');
  }

  private async settle(
    events: readonly TakenEvent[],
    status: 'applied' | 'ignored' | 'dead',
    how: { tenantId?: string | null; failure?: string | null },
  ): Promise<void> {
    await this.inbox.settle(
      events.map((one) => one.id),
      status,
      how,
    );
    eventsSettled.inc({ status }, events.length);
  }
}

/** Twice as long after each attempt; half of it is chance, so that what failed together does not come back together. */
function waitAfter(attempts: number, retryMs: number, chance = Math.random()): number {
  return Math.round(Math.min(WAIT_MAX_MS, retryMs * 2 ** (attempts - 1)) * (0.5 + chance / 2));
}
