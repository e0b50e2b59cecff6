import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError } from '#platform';
import { LICENSE_TYPES } from '#sdk/formats';
import { Prices } from '../catalogue/prices.js';
import { offerOf } from '../domain/offer.js';
import { type ShownChange, shownChange, shownOutcome } from '../domain/shown-change.js';
import { fulfilled, outcomeOf, type Wish, wishAfter, type WishOutcome } from '../domain/wish.js';
import { INTERVALS } from '../events/words.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { WishBook } from '../persistence/wishes.js';
import { BillingAccess } from './billing-access.js';
import { ChangeEnding } from './change-ending.js';
import { boughtOf, MakeChanges, POLL_MS } from './make-changes.js';
import { changeableOf } from './present-subscription.js';
import { Seats } from './start-checkout.js';

export const OfferInput = z.strictObject({
  plan: z.enum(LICENSE_TYPES).optional(),
  interval: z.enum(INTERVALS).optional(),
  seats: Seats.optional(),
});

export const ChangeSubscriptionInput = z
  .union([
    OfferInput,
    /** At the end of what is paid. */
    z.strictObject({ cancel: z.literal(true) }),
    /** Takes a cancellation back. */
    z.strictObject({ resume: z.literal(true) }),
  ])
  .refine((input) => Object.keys(input).length > 0, 'must change something');

/** Longer nobody waits for the writes of others, in ms; what they want is kept. */
const WAIT_MS = 15_000;
/** For the caller: what they want is stored, and will be made or shown as refused. */
const KEPT = { details: { change: 'pending' } };

/**
 * Changes plan, interval or seats of the subscription, cancels it, or takes that back. What people want at the same time,
 * at whichever process, becomes one write at Stripe; the last wish wins, and each hears how the write ended that had theirs.
 */
@Injectable()
export class ChangeSubscription {
  constructor(
    private readonly access: BillingAccess,
    private readonly db: Db,
    private readonly accounts: BillingAccounts,
    private readonly wishes: WishBook,
    private readonly changes: MakeChanges,
    private readonly ending: ChangeEnding,
    private readonly prices: Prices,
    private readonly clock: Clock,
  ) {}

  /**
   * Gives the account as it is known now; what Stripe makes of the change is there within seconds. `change`: what came of
   * the write that had this one, maybe with later ones of others. What is so already changes nothing. Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`, 409 `BILLING_OFF`, `NOT_SUBSCRIBED`,
   * `UNDER_CONTRACT` or `BILLING_CONFLICT`, 422 `PLAN_NOT_SOLD`, `SEATS_OUT_OF_BOUNDS` or `CARD_DECLINED`,
   * 429 `CHANGES_EXHAUSTED`, 503 `BILLING_UNAVAILABLE` or `BILLING_BUSY`. After a 503 with `change: 'pending'` in their
   * details it is still wanted, and a worker makes it; so it is with what was begun of a cancellation, never of a resuming.
   */
  async execute(
    actor: Actor,
    input: z.output<typeof ChangeSubscriptionInput>,
  ): Promise<{ account: BillingAccount; change: ShownChange | null }> {
    this.access.mayManage(actor);
    const account = await this.accounts.get(actor);
    if ('cancel' in input || 'resume' in input) {
      await this.ending.execute(actor, account, 'cancel' in input ? 'cancel' : 'resume');
      return { account, change: shownChange(await this.wishes.get(actor)) };
    }
    const outcome = await this.ended(actor, await this.want(actor, input, account));
    if (outcome.refusal) {
      const { kind, code, message, ...extras } = outcome.refusal;
      throw new DomainError(kind, code, message, extras);
    }
    return { account: await this.accounts.get(actor), change: shownOutcome(outcome) };
  }

  /** Writes it down, if it can be. Gives its generation. */
  private async want(actor: Actor, wish: Wish, account: BillingAccount): Promise<number> {
    changeableOf(account.standing);
    return this.db.transaction(actor, async () => {
      const { outcomes, wanted, writing } = await this.wishes.lock();
      const last = outcomes.at(-1);
      // What was changed since Stripe was last looked at is so, although the standing does not say it yet.
      const isNewer = last?.status === 'done' && Date.parse(last.at) > (account.lookedAt?.getTime() ?? 0);
      const has = { ...boughtOf(account.standing), ...(isNewer ? last.wanted : {}) };
      const known = { ...has, ...(writing ? { seats: null, ...fulfilled(writing, has) } : {}) };
      const next = wishAfter(wanted, wish, known);
      // Before it is anybody else's: what cannot be had concerns its caller alone.
      offerOf(this.prices.list, fulfilled(next, known));
      return this.wishes.put(next, this.clock.now());
    });
  }

  private async ended(actor: Actor, generation: number): Promise<WishOutcome> {
    const patience = AbortSignal.timeout(WAIT_MS);
    for (;;) {
      const found = outcomeOf((await this.wishes.get(actor))?.outcomes ?? [], generation);
      if (found) return found;
      if (patience.aborted) throw stillWanted();
      if (!(await this.turn(actor))) await pause(POLL_MS);
    }
  }

  private async turn(actor: Actor): Promise<boolean> {
    try {
      return await this.changes.turn(actor);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (error.code === 'BILLING_BUSY') return false;
      if (error.kind !== 'unavailable') throw error;
      const { kind, code, message, retryAfterSeconds } = error;
      throw new DomainError(kind, code, message, { ...KEPT, retryAfterSeconds, cause: error });
    }
  }
}

const stillWanted = (): DomainError =>
  new DomainError('unavailable', 'BILLING_BUSY', 'Others change the same right now; this change is kept.', {
    ...KEPT,
    retryAfterSeconds: 1,
  });
