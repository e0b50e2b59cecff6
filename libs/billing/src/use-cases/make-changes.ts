import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, Clock, DomainError } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { Prices } from '../catalogue/prices.js';
import { CHANGES_COUNT_MS, waitForChange } from '../domain/change-limits.js';
import type { ItemChange } from '../domain/offer.js';
import type { Standing } from '../domain/standing.js';
import type { Bought, Wish, WishOutcome, WishRefusal } from '../domain/wish.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { StripeWrites } from '../persistence/stripe-writes.js';
import { type TakenWishes, WishBook } from '../persistence/wishes.js';
import { busy, isAnswer } from '../stripe/stripe-failures.js';
import { StripeGateway, type Write } from '../stripe/stripe-gateway.js';
import { ChangeWhenPaid, WHEN_PAID } from './change-when-paid.js';
import { ChangedItems, type ChangedTerms } from './changed-items.js';
import { changeableOf, PresentSubscription } from './present-subscription.js';

interface ChangeParams extends Record<string, unknown> {
  id: string;
  items: ItemChange[];
  /** Left out in what an earlier release began. */
  terms?: ChangedTerms;
  proration: 'create_prorations' | 'always_invoice' | 'none';
  isInvoiced: boolean;
}

const VERB = 'change_items';
/** Of all changes of a tenant one is open at a time. */
const IDENTITY = 'items';
const OPEN = { verb: VERB, identity: IDENTITY } as const;
/** What a call of Stripe takes beside its timeout: waiting for its turn, and a busy machine; ms. */
const CALL_MORE_MS = 4_000;
/** Whoever wanted something so long ago, in ms, would be surprised to pay for it now. */
const KEPT_MS = 3_600_000;
/** How often one process asks whether another one has finished, in ms: nothing else tells across processes. */
export const POLL_MS = 100;

/** Makes what tenants want of their subscriptions true at Stripe: all wishes of one tenant that there are, in one write. */
@Injectable()
export class MakeChanges {
  private readonly underWay = new Map<string, Promise<boolean>>();
  private readonly leaseMs: number;

  constructor(
    private readonly accounts: BillingAccounts,
    private readonly wishes: WishBook,
    private readonly writes: StripeWrites,
    private readonly gateway: StripeGateway,
    private readonly present: PresentSubscription,
    private readonly changed: ChangedItems,
    private readonly whenPaid: ChangeWhenPaid,
    private readonly prices: Prices,
    private readonly clock: Clock,
    config: BillingConfig,
  ) {
    this.leaseMs = config.timeoutMs + CALL_MORE_MS;
  }

  /**
   * Decides all that is wanted now: true. False: nothing is, or another process is at it. Those of one process share a
   * turn. Never inside a transaction. Throws 503 `BILLING_UNAVAILABLE` and `BILLING_BUSY`: it is wanted as before.
   */
  turn(actor: Actor): Promise<boolean> {
    const tenantId = actor.tenantId!;
    const running = this.underWay.get(tenantId);
    if (running) return running;
    const doing = this.decideAll(actor).finally(() => this.underWay.delete(tenantId));
    this.underWay.set(tenantId, doing);
    return doing;
  }

  private async decideAll(actor: Actor): Promise<boolean> {
    const account = await this.accounts.get(actor);
    const taken = await this.wishes.take(actor, randomUUID(), this.leaseMs, boughtOf(account.standing));
    if (!taken) return false;
    try {
      await this.wishes.settle(actor, taken, await this.decide(actor, taken, account));
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) {
        await this.wishes.release(actor, taken);
        throw error;
      }
      await this.wishes.settle(actor, taken, this.outcome(taken, 'refused', taken.wanted, refusal));
    }
    return true;
  }

  private async decide(actor: Actor, taken: TakenWishes, { standing }: BillingAccount): Promise<WishOutcome> {
    const id = await this.changeable(actor, standing);
    await this.hold(actor, taken);
    const present = await this.present.get(id);
    await this.hold(actor, taken);
    const { offer, items, terms, isOtherInterval } = await this.changed.of(
      taken.wanted,
      present,
      boughtOf(standing),
    );
    const made: Wish = { plan: offer.plan.tier, interval: offer.interval, seats: offer.seats };
    if (items.length === 0 && terms.discounts === undefined) {
      // It is so already, and is to stay so.
      await this.whenPaid.drop(actor, present);
      return this.outcome(taken, 'done', made);
    }
    if (this.clock.now().getTime() - taken.askedAt.getTime() > KEPT_MS)
      return this.outcome(taken, 'dropped', made);

    const { proration } = this.prices.list;
    const isInvoiced = proration === 'always_invoice' || isOtherInterval || terms.trial_end === 'now';
    const params = { id, items, terms, proration, isInvoiced };
    await this.mayChange(actor, params);
    const write = this.write(params);
    // Under the lease: whoever takes over later finds it open, and finishes it first.
    const begun = await this.hold(actor, taken, () => this.writes.begin(actor, write));
    try {
      await this.gateway.write(actor, write, begun);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'PAYMENT_ACTION_REQUIRED') throw error;
      // Nothing that takes something off can wait with them: then a person has to be there when it is asked for.
      if (terms.discounts !== undefined) throw error;
      await this.hold(actor, taken);
      await this.whenPaid.execute(actor, { id, items, proration, trialEnd: terms.trial_end });
    }
    return this.outcome(taken, 'done', made);
  }

  /** Once the write of before has ended; where nothing may be changed any more, that is not sent again. */
  private async changeable(actor: Actor, standing: Standing): Promise<string> {
    let id: string;
    try {
      id = changeableOf(standing);
    } catch (error) {
      await this.forgetOpen(actor);
      throw error;
    }
    await this.gateway.finishOpen(actor, OPEN, (params: ChangeParams) => this.write(params), KEPT_MS);
    return id;
  }

  /**
   * Nobody wants anything any more of what is not made yet. A write that is under way ends before. Never inside a
   * transaction. Throws 503 `BILLING_UNAVAILABLE` or `BILLING_BUSY`.
   */
  async drop(actor: Actor): Promise<void> {
    const patience = AbortSignal.timeout(this.leaseMs);
    for (;;) {
      const all = await this.wishes.get(actor);
      if (!all || all.settled >= all.generation) return this.forgetOpen(actor);
      const { standing } = await this.accounts.get(actor);
      const taken = await this.wishes.take(actor, randomUUID(), this.leaseMs, boughtOf(standing));
      if (taken) return this.dropTaken(actor, taken);
      if (patience.aborted) throw busy();
      await pause(POLL_MS);
    }
  }

  private async dropTaken(actor: Actor, taken: TakenWishes): Promise<void> {
    try {
      await this.forgetOpen(actor);
    } catch (error) {
      await this.wishes.release(actor, taken);
      throw error;
    }
    await this.wishes.settle(actor, taken, this.outcome(taken, 'dropped', taken.wanted));
  }

  /** What Stripe has not done by now it is not asked for again; what it may be doing is awaited. */
  private forgetOpen(actor: Actor): Promise<void> {
    return this.gateway.forgetOpen(actor, OPEN, (params: ChangeParams) => this.write(params));
  }

  private async hold<T>(actor: Actor, taken: TakenWishes, work?: () => Promise<T>): Promise<T> {
    const held = await this.wishes.hold(actor, taken, this.leaseMs, async () => ({ value: await work?.() }));
    if (held) return held.value as T;
    throw busy();
  }

  /** Throws 429 `CHANGES_EXHAUSTED`. */
  private async mayChange(actor: Actor, { id, isInvoiced }: ChangeParams): Promise<void> {
    const now = this.clock.now();
    const since = new Date(now.getTime() - CHANGES_COUNT_MS);
    const [changes, waiting] = await Promise.all(
      [VERB, WHEN_PAID].map((verb) => this.writes.begunSince(actor, verb, since)),
    );
    const asked = [
      ...changes!.map(({ begunAt: at, params }) => ({ at, params, isInvoiced: params.isInvoiced === true })),
      // What waits for a person has an invoice each time.
      ...waiting!.map(({ begunAt: at, params }) => ({ at, params, isInvoiced: true })),
    ]
      .filter(({ params }) => params.id === id)
      .sort((a, b) => a.at.getTime() - b.at.getTime());
    const waitMs = waitForChange(asked, isInvoiced, now);
    if (waitMs === 0) return;
    throw new DomainError('too_many', 'CHANGES_EXHAUSTED', 'Too many changes; try again later.', {
      retryAfterSeconds: Math.ceil(waitMs / 1_000),
    });
  }

  private write(params: ChangeParams): Write<Stripe.Subscription, ChangeParams> {
    return {
      verb: VERB,
      params,
      identity: IDENTITY,
      make: (stripe, { id, items, terms, proration }, marks, options) =>
        stripe.subscriptions.update(
          id,
          {
            ...terms,
            items,
            proration_behavior: proration,
            // A card that is declined changes nothing, instead of leaving a subscription that is not paid.
            payment_behavior: 'error_if_incomplete',
            metadata: { ...marks },
          },
          options,
        ),
      // The marks of the last change stand on the subscription.
      find: async (stripe, { id }, marks) => {
        const found = await stripe.subscriptions.retrieve(id);
        return found.metadata?.gatehouse_write === marks.gatehouse_write ? found : null;
      },
      done: () => this.accounts.hasten(this.clock.now()),
    };
  }

  private outcome(
    { upTo }: TakenWishes,
    status: WishOutcome['status'],
    wanted: Wish,
    refusal: WishRefusal | null = null,
  ): WishOutcome {
    return { upTo, status, wanted, refusal, at: this.clock.now().toISOString() };
  }
}

/** What is bought, as we know it. */
export const boughtOf = ({ plan, interval, seats }: Standing): Bought => ({
  plan,
  interval: interval ?? 'month',
  seats,
});

/** null: it is no answer to what was wanted; nobody could be asked. */
function refusalOf(error: unknown): WishRefusal | null {
  if (!isAnswer(error)) return null;
  const { kind, code, message, details, retryAfterSeconds } = error;
  return { kind, code, message, details, retryAfterSeconds };
}
