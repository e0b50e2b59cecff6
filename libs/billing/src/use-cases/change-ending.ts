import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, Clock, DomainError } from '#platform';
import type { Standing } from '../domain/standing.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { StripeWrites } from '../persistence/stripe-writes.js';
import { refId } from '../stripe/id-of.js';
import { busy } from '../stripe/stripe-failures.js';
import { StripeGateway, type Write } from '../stripe/stripe-gateway.js';
import { ChangeWhenPaid } from './change-when-paid.js';
import { MakeChanges } from './make-changes.js';
import { changeableOf, PresentSubscription } from './present-subscription.js';
import { RESUME, ResumePaused } from './resume-paused.js';

/**
 * Stripe takes one of `cancel_at_period_end` and `cancel_at` in an update, not both, also where one is only cleared: what
 * is taken back is what was set. `cancel_at_period_end: false` leaves a day of somebody's choice.
 */
const UPDATE = {
  cancel: { cancel_at_period_end: true },
  resume: { cancel_at_period_end: false },
  resume_date: { cancel_at: '' },
} as const satisfies Record<string, Stripe.SubscriptionUpdateParams>;

type Way = keyof typeof UPDATE;

export interface EndingParams extends Record<string, unknown> {
  id: string;
  way: Way;
}

const VERB = 'change_ending';
/** It costs nothing, and nobody needs it more often. */
const CHANGES_PER_HOUR = 30;
const HOUR_MS = 3_600_000;

/** Cancels a subscription at the end of what is paid, or takes back that or a pause. */
@Injectable()
export class ChangeEnding {
  constructor(
    private readonly accounts: BillingAccounts,
    private readonly writes: StripeWrites,
    private readonly gateway: StripeGateway,
    private readonly present: PresentSubscription,
    private readonly paused: ResumePaused,
    private readonly whenPaid: ChangeWhenPaid,
    private readonly changes: MakeChanges,
    private readonly clock: Clock,
  ) {}

  /**
   * What is so already changes nothing. Throws 409 `NOT_SUBSCRIBED`, `UNDER_CONTRACT` or `BILLING_CONFLICT`, 422
   * `PAYMENT_ACTION_REQUIRED`, 429 `CHANGES_EXHAUSTED`, 503 `BILLING_UNAVAILABLE` or `BILLING_BUSY`.
   */
  async execute(actor: Actor, { standing }: BillingAccount, wanted: 'cancel' | 'resume'): Promise<void> {
    const id = wanted === 'cancel' ? endableOf(standing) : changeableOf(standing);
    if (wanted === 'cancel') {
      await this.mayChange(actor);
      // Whoever cancels wants nothing more of it: what is made later would be paid for and go on.
      await this.changes.drop(actor);
    }
    await this.finishEnding(actor, id, wanted);
    await this.finishResume(actor, id, wanted);
    let present = await this.present.get(id);
    // What waits to be paid would go on beyond the end.
    if (wanted === 'cancel') await this.whenPaid.drop(actor, present);
    if (present.schedule && wayTo(wanted, present)) {
      await this.release(actor, refId(present.schedule));
      present = await this.present.get(id);
    }
    const way = wayTo(wanted, present);
    if (way) await this.change(actor, { id, way });
    if (wanted === 'resume' && (!way || present.status === 'paused'))
      await this.paused.execute(actor, present);
  }

  /** One of a subscription is open at a time. `find`: whoever has done it, it is so or it is to be done. */
  write(params: EndingParams): Write<Stripe.Subscription, EndingParams> {
    return {
      verb: VERB,
      params,
      identity: identityOf(params.id),
      make: (stripe, { id, way }, _, options) => stripe.subscriptions.update(id, UPDATE[way], options),
      find: async (stripe, { id, way }) => {
        const found = await stripe.subscriptions.retrieve(id);
        return wayTo(way === 'cancel' ? 'cancel' : 'resume', found) === null ? found : null;
      },
      done: () => this.accounts.hasten(this.clock.now()),
    };
  }

  /** What was to go on is only looked for, for whoever cancels: they do not want it any more. */
  private async finishEnding(actor: Actor, id: string, wanted: 'cancel' | 'resume'): Promise<void> {
    const open = { verb: VERB, identity: identityOf(id) };
    const write = (params: EndingParams) => this.write(params);
    const begun = await this.writes.open(actor, open.verb, open.identity);
    if (wanted === 'cancel' && begun && begun.params['way'] !== 'cancel')
      return this.gateway.forgetOpen(actor, open, write);
    return this.gateway.finishOpen(actor, open, write);
  }

  /** It begins a period and charges the card: for whoever cancels it is only looked for. */
  private finishResume(actor: Actor, id: string, wanted: 'cancel' | 'resume'): Promise<void> {
    const open = { verb: RESUME, identity: { id } };
    const write = (params: { id: string }) => this.paused.write(params);
    return wanted === 'cancel'
      ? this.gateway.forgetOpen(actor, open, write)
      : this.gateway.finishOpen(actor, open, write);
  }

  private async change(actor: Actor, params: EndingParams): Promise<void> {
    await this.mayChange(actor);
    const write = this.write(params);
    const begun = await this.writes.begin(actor, write);
    // Somebody has begun in this very moment, and wants something else.
    if (begun.isOld && begun.params.way !== params.way) throw busy();
    await this.gateway.write(actor, write, begun);
  }

  /** A schedule keeps the end of its subscription to itself; without it the subscription goes on as it is. */
  private async release(actor: Actor, id: string): Promise<void> {
    await this.gateway.write(actor, releaseWrite({ id }));
  }

  private async mayChange(actor: Actor): Promise<void> {
    const since = new Date(this.clock.now().getTime() - HOUR_MS);
    const begun = await this.writes.begunSince(actor, VERB, since);
    if (begun.length < CHANGES_PER_HOUR) return;
    const first = begun[begun.length - CHANGES_PER_HOUR]!.begunAt.getTime();
    throw new DomainError('too_many', 'CHANGES_EXHAUSTED', 'Too many changes; try again later.', {
      retryAfterSeconds: Math.max(1, Math.ceil((first - since.getTime()) / 1_000)),
    });
  }
}

/** https://docs.stripe.com/api/subscription_schedules/release */
export const releaseWrite = (params: { id: string }): Write<Stripe.SubscriptionSchedule, { id: string }> => ({
  verb: 'release_schedule',
  params,
  make: (stripe, { id }, _, options) => stripe.subscriptionSchedules.release(id, {}, options),
  find: async (stripe, { id }) => {
    const found = await stripe.subscriptionSchedules.retrieve(id);
    return found.status === 'active' || found.status === 'not_started' ? null : found;
  },
});

/** Nobody has to go on paying by card beside a contract. */
function endableOf(standing: Standing): string {
  const [beside] = standing.state === 'contract' ? standing.duplicates : [];
  return beside ?? changeableOf(standing);
}

/** null: it is so already. */
function wayTo(wanted: 'cancel' | 'resume', present: Stripe.Subscription): Way | null {
  if (wanted === 'cancel') return endsInTime(present) ? null : 'cancel';
  if (present.cancel_at_period_end) return 'resume';
  // Somebody has set the day at the dashboard, or at the portal.
  return present.cancel_at === null ? null : 'resume_date';
}

/** With what is paid, or sooner: a day that somebody has set may be later. */
function endsInTime({
  cancel_at: at,
  cancel_at_period_end: isWithPeriod,
  items,
}: Stripe.Subscription): boolean {
  return isWithPeriod || (at !== null && items.data.every((item) => at <= item.current_period_end));
}

const identityOf = (id: string) => ({ ending: id });
