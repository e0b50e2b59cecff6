import { Injectable } from '@nestjs/common';
import { Clock, ClosedTenants, DomainError, Log, retryWait, sideBySide, whileRenewed } from '#platform';
import { BillingWorkConfig } from '../dunning.config.js';
import { Endings } from '../persistence/endings.js';
import { type Settled, type Settling, StripeInbox, type TakenEvent } from '../persistence/stripe-inbox.js';
import { isBlameless } from '../stripe/blame.js';
import { failureWord, isOurFault } from '../stripe/stripe-failures.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { HearMeterErrors, isMeterError } from '../usage/hear-meter-errors.js';
import { FollowCustomer } from '../use-cases/follow-customer.js';
import { CustomerOfEvent } from './customer-of-event.js';
import { dispatch, isAboutCharges } from './dispatch.js';
import { eventsSettled } from './metrics.js';

const BATCH = 50;
/** Customers that one worker looks at at a time. */
const TOGETHER = 4;
const WAIT_MAX_MS = 900_000;
/** What ended with its process is tried alone at least once: the first time it may only have stood beside another. */
const ALONE = 2;
/** When Stripe is away, in ms; half of it is longer than the gate stays closed. */
const EXCUSED_MS = 10_000;
/** A key that is wrong needs somebody, in ms. */
const OUR_FAULT_MS = 60_000;

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
    private readonly endings: Endings,
    private readonly closed: ClosedTenants,
    private readonly meterErrors: HearMeterErrors,
    private readonly gateway: StripeGateway,
    private readonly config: BillingWorkConfig,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** One batch; true when there may be more that can be applied now. */
  async execute(): Promise<boolean> {
    const { leaseMs: lifeMs } = this.config;
    const taken = await this.inbox.take(BATCH, lifeMs);
    if (taken.length === 0) return false;
    const renew = () => this.inbox.renew(taken, lifeMs);
    const failed = (error: unknown) => this.log.warn({ error }, 'Events of Stripe could not be kept.');
    const isAway = await whileRenewed({ lifeMs, renew, failed }, () => this.all(taken));
    return !isAway && (taken.length === BATCH || taken[0]!.isAlone);
  }

  /** True when Stripe turned out to be away. */
  private async all(taken: readonly TakenEvent[]): Promise<boolean> {
    const works = new Map<string, Work>();
    const sorted = await sideBySide(taken, TOGETHER, (event) => this.sort(event, works));
    const applied = await sideBySide([...works.values()], TOGETHER, (work) => this.apply(work));
    return [...sorted, ...applied].includes('excused');
  }

  /** What nobody has to look at is settled, the rest goes to its customers. */
  private async sort(event: TakenEvent, works: Map<string, Work>): Promise<'excused' | void> {
    const is = dispatch(event.type);
    if (is !== 'handled') {
      if (is === 'unknown') this.log.warn({ type: event.type }, 'An event of Stripe that we do not know.');
      const failure = is === 'unknown' ? 'UNKNOWN_TYPE' : null;
      await this.settle([event], 'ignored', { failure, isForgotten: await this.isOfNobody(event) });
      return;
    }
    if (event.tries > Math.max(this.config.attempts, ALONE)) {
      // The attempts before ended their process: nothing was written down.
      await this.bury([event], 'ENDED_ITS_PROCESS');
      return;
    }
    try {
      if (isMeterError(event.type)) {
        const isThere = await this.meterErrors.execute(event.payload);
        await this.settle([event], isThere ? 'applied' : 'ignored', { failure: isThere ? null : 'NO_EVENT' });
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
      return this.failed([event], error);
    }
  }

  /** Whom it names is nobody here, or no more. */
  private async isOfNobody({ customerId }: TakenEvent): Promise<boolean> {
    if (!customerId) return false;
    const tenantId = await this.inbox.tenantOf(customerId);
    return tenantId === null || (await this.closed.among([tenantId])).size > 0;
  }

  private async apply({ customerId, events }: Work): Promise<'excused' | void> {
    try {
      const ofCharges = events.some((one) => isAboutCharges(one.type));
      const followed = await this.follow.execute(customerId, events[0]!.traceId, ofCharges);
      const { tenantId } = followed;
      if (followed.outcome === 'foreign') {
        const failure = followed.why;
        // It may have gone with its tenant, whom nothing names any more.
        const isForgotten = failure === 'GONE_CUSTOMER' && !tenantId;
        await this.settle(events, 'ignored', { customerId, tenantId, failure, isForgotten });
        return;
      }
      await this.settle(events, 'applied', { customerId, tenantId });
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'TENANT_DELETED'))
        return this.failed(events, error, customerId);
      // Whatever of it is still alive there, nobody pays for.
      await this.endings.begin(customerId, this.clock.now());
      await this.settle(events, 'ignored', { customerId, failure: 'TENANT_DELETED', isForgotten: true });
    }
  }

  private async failed(
    events: readonly TakenEvent[],
    error: unknown,
    customerId?: string,
  ): Promise<'excused' | void> {
    const cause = error instanceof DomainError && error.cause ? error.cause : error;
    const failure = failureWord(cause);
    if (await isBlameless(this.gateway, error)) {
      const fullMs = isOurFault(cause) ? OUR_FAULT_MS : EXCUSED_MS;
      const waitMs = retryWait(1, { retryMs: fullMs, retryMaxMs: fullMs });
      await this.inbox.postpone(events, waitMs, failure, { isExcused: true });
      return 'excused';
    }
    this.log.warn({ error, events: events.map((one) => one.id) }, 'An event was not applied.');
    const over = events.filter((one) => one.tries >= this.config.attempts);
    await this.bury(over, failure, customerId);
    for (const event of events.filter((one) => !over.includes(one))) {
      const waitMs = retryWait(event.tries, { retryMs: this.config.retryMs, retryMaxMs: WAIT_MAX_MS });
      await this.inbox.postpone([event], waitMs, failure, { isExcused: false });
    }
  }

  private async bury(events: readonly TakenEvent[], failure: string, customerId?: string): Promise<void> {
    if (events.length === 0) return;
    await this.settle(events, 'dead', { customerId, failure });
    this.log.error({ failure, events: events.map((one) => one.id) }, 'Events of Stripe were parked.');
  }

  private async settle(events: readonly TakenEvent[], status: Settled, how: Settling): Promise<void> {
    const settled = await this.inbox.settle(events, status, how);
    if (settled > 0) eventsSettled.inc({ status }, settled);
  }
}
