import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, Clock, Db, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { type ProductWrite, ProductWrites } from '../persistence/product-writes.js';
import { type StripeWrite, StripeWrites } from '../persistence/stripe-writes.js';
import { CallGate } from './call-gate.js';
import { readAgain } from './read-again.js';
import { StripeClient } from './stripe-client.js';
import {
  asBillingError,
  busy,
  failureWord,
  isAnswer,
  isOtherUse,
  isOutage,
  isRefusal,
  isUnknown,
  OTHER_USE,
} from './stripe-failures.js';
import type { WriteVerb } from './write-verbs.js';
import { asCall, showGate, stripeCalls, stripeRetries, stripeSeconds } from './stripe-metrics.js';

/** Stripe forgets idempotency keys after at least a day (docs.stripe.com/api/idempotent_requests); an hour less, in ms. */
const KEY_LIFE_MS = 23 * 3_600_000;
/** A call waits so long for its turn, in ms: a request has better things to do. */
const TURN_MS = 1_000;
/** More at a time would leave too few calls to others, and win little. */
const AT_ONCE = 4;
/** So many failures in a row, and nobody asks for so many ms. */
const FAILURES = 5;
const REST_MS = 5_000;

/** What every object that we make at Stripe carries: whose it is, and which write of ours made it. */
export interface WriteMarks {
  tenant_id: string;
  gatehouse_write: string;
}

type Params = Record<string, unknown>;

/** Which writes of a tenant are the same one. */
interface WriteName {
  verb: string;
  identity: Params | string;
}

export interface Write<T extends { id: string }, P extends Params = Params> {
  verb: WriteVerb;
  params: P;
  /** What makes two writes the same one, beside the verb; left out: the parameters. */
  identity?: unknown;
  /** `params` are those it was first asked with. Puts `marks` into the object's metadata. */
  make: (stripe: Stripe, params: P, marks: WriteMarks, options: { idempotencyKey: string }) => Promise<T>;
  /**
   * Looks for the object with those marks, when Stripe has forgotten the key; null: it was never made, and is made anew. It
   * may have been made from `begunAt` on, for a day.
   */
  find: (stripe: Stripe, params: P, marks: WriteMarks, begunAt: Date) => Promise<T | null>;
  /** What becomes true here with it: in one transaction with its end, which is not written when this throws. */
  done?: (made: T) => Promise<unknown>;
}

/** What belongs to no tenant: the price list, where Stripe sends what it tells, the end of a customer whose tenant is gone. */
export interface Change<T> {
  /** Like `create_price`. */
  verb: string;
  /** What makes two changes the same one, beside the verb: all that Stripe is asked. */
  what: unknown;
  make: (stripe: Stripe, options: { idempotencyKey: string }) => Promise<T>;
  /**
   * What is there of it by now, as somebody may have made it since the caller looked. With `made`, which Stripe has answered
   * to a key of before: null when that is not there any more. Left out: twice comes to the same as once.
   */
  find?: (stripe: Stripe, made?: T) => Promise<T | null>;
}

/** The only way to Stripe: bounded, counted, every write under a key that was stored before. */
@Injectable()
export class StripeGateway {
  /** So many calls at a time one caller may make who has many: of more, some would wait too long and be refused. */
  readonly atOnce: number;
  private readonly gate: CallGate;
  /** A read that failed sooner is asked for again. */
  private readonly patienceMs: number;
  /** So long Stripe may still be at what nobody waits for any more: a call and the wait for its turn. */
  private readonly underWayMs: number;
  private readonly underWay = new Map<string, Promise<unknown>>();

  constructor(
    private readonly client: StripeClient,
    private readonly writes: StripeWrites,
    private readonly productWrites: ProductWrites,
    private readonly db: Db,
    private readonly clock: Clock,
    private readonly log: Log,
    config: BillingConfig,
  ) {
    this.atOnce = Math.min(AT_ONCE, config.maxCalls);
    this.patienceMs = Math.ceil(config.timeoutMs / 2);
    this.underWayMs = 2 * config.timeoutMs;
    this.gate = new CallGate({
      max: config.maxCalls,
      waitMs: TURN_MS,
      failures: FAILURES,
      restMs: REST_MS,
      now: () => clock.now().getTime(),
    });
    showGate(this.gate);
  }

  /**
   * Asks for what changes nothing, up to twice more when an answer is lost: for the gate that is one call. Throws 503
   * `BILLING_UNAVAILABLE`, 409 `BILLING_CONFLICT`. Never call it inside a transaction.
   */
  read<T>(verb: string, ask: (stripe: Stripe) => Promise<T>): Promise<T> {
    return this.asked(verb, ask, true);
  }

  /**
   * A write under a key that the caller has stored, and whose unknown outcome it settles itself; `cause` of what it throws
   * tells how it failed, and is missing when Stripe was not asked. `isAgain`: it was tried before. Throws like `read`.
   * Never call it inside a transaction.
   */
  writeUnder<T>(verb: string, isAgain: boolean, make: (stripe: Stripe) => Promise<T>): Promise<T> {
    if (isAgain) stripeRetries.inc({ verb, how: 'again' });
    return this.asked(verb, make);
  }

  /**
   * Does what `write` says once, however often it is asked for while nobody knows how it ended: an unknown outcome is
   * tried again under the same key as long as Stripe remembers that, then looked up by its marks. `begun`: by the caller,
   * in a transaction that has ended. Never call it inside a transaction. Throws 422 `CARD_DECLINED`, 409 `BILLING_CONFLICT`,
   * 503 `BILLING_UNAVAILABLE` or `BILLING_BUSY`.
   */
  async write<T extends { id: string }, P extends Params>(
    actor: Actor,
    write: Write<T, P>,
    begun?: StripeWrite,
  ): Promise<T> {
    const row = begun ?? (await this.writes.begin(actor, write));
    return this.together(row.id, () => this.finish(actor, write, row));
  }

  /**
   * Does once what as many as come at once ask for. While nobody knows how it ended, it is asked for again under the same
   * key as long as Stripe remembers that, and then begun anew, unless it is found; so is at once what twice comes to the
   * same. Never call it inside a transaction. Throws like {@link read}, and 503 `BILLING_BUSY`.
   */
  async change<T>(change: Change<T>): Promise<T> {
    this.mustBeOutside(change.verb);
    const row = await this.productWrites.begin(change.verb, change.what);
    return this.together(row.id, () => this.finishChange(change, row));
  }

  /** Whether such a change was asked for, and nobody knows how it ended: {@link change} goes on with it. */
  isUnheard({ verb, what }: Pick<Change<unknown>, 'verb' | 'what'>): Promise<boolean> {
    return this.productWrites.isOpen(verb, what);
  }

  /**
   * Finds out how a write has ended that nobody knows the end of: under its key while Stripe remembers that, which may
   * still do it, else by its marks. null: it was never made, and is not made any more. `againMs`: older than that it is
   * not asked for again, ms. Throws like {@link write}.
   */
  async settle<T extends { id: string }, P extends Params>(
    actor: Actor,
    write: Write<T, P>,
    begun: StripeWrite,
    againMs = KEY_LIFE_MS,
  ): Promise<T | null> {
    if (!this.isForgotten(begun, againMs)) return this.write(actor, write, begun);
    stripeRetries.inc({ verb: write.verb, how: 'lookup' });
    const marks: WriteMarks = { tenant_id: actor.tenantId!, gatehouse_write: begun.id };
    const found = await this.read(`find:${write.verb}`, (stripe) =>
      write.find(stripe, begun.params as P, marks, begun.begunAt),
    ).catch((error: unknown) => {
      // Where it would be, there is nothing any more.
      if (isAnswer(error)) return null;
      throw error;
    });
    if (found) return this.end(actor, write, begun, found);
    await this.writes.end(actor, begun.id, 'lost');
    return null;
  }

  /**
   * Finds out how what is open of a verb has ended, whoever began it: it may still reach Stripe, and whatever is written
   * before that could be undone by it. What Stripe refuses of it is over. `againMs` as for {@link settle}; throws 503
   * `BILLING_UNAVAILABLE` or `BILLING_BUSY`.
   */
  async finishOpen<T extends { id: string }, P extends Params>(
    actor: Actor,
    { verb, identity }: WriteName,
    write: (params: P) => Write<T, P>,
    againMs = KEY_LIFE_MS,
  ): Promise<void> {
    const open = await this.writes.open(actor, verb, identity);
    if (!open) return;
    try {
      await this.settle(actor, write(open.params as P), open, againMs);
    } catch (error) {
      if (!isAnswer(error)) throw error;
    }
  }

  /**
   * Finds out whether what is open of a verb was done, and never asks for it again: nobody wants it any more. What Stripe
   * may still be at is not decided yet: 503 `BILLING_BUSY`, as when it cannot be asked, 503 `BILLING_UNAVAILABLE`.
   */
  async forgetOpen<T extends { id: string }, P extends Params>(
    actor: Actor,
    name: WriteName,
    write: (params: P) => Write<T, P>,
  ): Promise<void> {
    const open = await this.writes.open(actor, name.verb, name.identity);
    if (!open) return;
    const isAnswered = /^\d/.test(open.failure ?? '');
    if (!isAnswered && this.clock.now().getTime() - open.begunAt.getTime() < this.underWayMs) throw busy();
    await this.finishOpen(actor, name, write, 0);
  }

  private async asked<T>(verb: string, ask: (stripe: Stripe) => Promise<T>, isRead = false): Promise<T> {
    try {
      return await this.call(verb, ask, isRead);
    } catch (error) {
      throw this.told(verb, error);
    }
  }

  /** Those of one process share a call; of two processes Stripe refuses the second one's. */
  private together<T>(id: string, work: () => Promise<T>): Promise<T> {
    const running = this.underWay.get(id) as Promise<T> | undefined;
    if (running) return running;
    const doing = work().finally(() => this.underWay.delete(id));
    this.underWay.set(id, doing);
    return doing;
  }

  private async finishChange<T>(change: Change<T>, row: ProductWrite): Promise<T> {
    const { verb, find } = change;
    if (row.isOld && (!find || this.isForgotten(row))) return this.changeAnew(change, row);
    if (row.isOld) stripeRetries.inc({ verb, how: 'again' });
    // After it was begun: what has ended since the caller looked is seen, and what has not is this one.
    const there = find ? await this.read(`find:${verb}`, (stripe) => find(stripe)) : null;
    const made = there ?? (await this.makeChange(change, row.id));
    // To a key of before Stripe says what it said then: that may have been taken away since.
    if (find && row.isOld && !there && !(await this.read(`find:${verb}`, (stripe) => find(stripe, made))))
      return this.changeAnew(change, row);
    await this.productWrites.end(row.id, 'done');
    return made;
  }

  private async changeAnew<T>(change: Change<T>, { id, begunAt }: ProductWrite): Promise<T> {
    const { verb, what, find } = change;
    stripeRetries.inc({ verb, how: find ? 'lookup' : 'again' });
    this.log.warn(
      { verb, begun_at: begunAt },
      'Nobody heard how that ended; it is asked for under another key.',
    );
    await this.productWrites.end(id, 'lost');
    const next = await this.productWrites.begin(verb, what);
    return this.together(next.id, () => this.finishChange(change, next));
  }

  /** What was never sent, or not looked at, changes nothing of the row. */
  private async makeChange<T>({ verb, make }: Change<T>, id: string): Promise<T> {
    try {
      return await this.call(verb, (stripe) => make(stripe, { idempotencyKey: id }));
    } catch (error) {
      const failure = failureWord(error);
      if (isUnknown(error) || isOtherUse(error)) await this.productWrites.fail(id, failure);
      else if (isRefusal(error)) await this.productWrites.end(id, 'refused', failure);
      throw this.told(verb, error);
    }
  }

  private async finish<T extends { id: string }, P extends Params>(
    actor: Actor,
    write: Write<T, P>,
    begun: StripeWrite,
  ): Promise<T> {
    const marks: WriteMarks = { tenant_id: actor.tenantId!, gatehouse_write: begun.id };
    if (begun.isOld && this.isForgotten(begun)) {
      const found = await this.settle(actor, write, begun);
      return found ?? this.finish(actor, write, await this.writes.begin(actor, write));
    }
    if (begun.isOld) stripeRetries.inc({ verb: write.verb, how: 'again' });
    const made = await this.make(actor, write, begun, marks);
    return this.end(actor, write, begun, made);
  }

  /**
   * What was never sent, or not looked at, changes nothing of the row: what an earlier try has come to is as unknown as it
   * was, and another key would make a second object.
   */
  private async make<T extends { id: string }, P extends Params>(
    actor: Actor,
    write: Write<T, P>,
    { id, params }: StripeWrite,
    marks: WriteMarks,
  ): Promise<T> {
    try {
      const options = { idempotencyKey: id };
      return await this.call(write.verb, (stripe) => write.make(stripe, params as P, marks, options));
    } catch (error) {
      const failure = failureWord(error);
      if (isUnknown(error) || isOtherUse(error)) await this.writes.fail(actor, id, failure);
      else if (isRefusal(error)) await this.writes.end(actor, id, 'refused', { failure });
      throw this.told(write.verb, error);
    }
  }

  private async end<T extends { id: string }, P extends Params>(
    actor: Actor,
    write: Write<T, P>,
    { id }: StripeWrite,
    made: T,
  ): Promise<T> {
    await this.db.transaction(actor, async () => {
      await write.done?.(made);
      await this.writes.end(actor, id, 'done', { resultId: made.id });
    });
    return made;
  }

  /**
   * Or of no use any more: Stripe keeps a fault of its own under the key like any other answer, and asking again by it
   * gets the same one; a key that stands for something else gets nothing at all.
   */
  private isForgotten(
    { begunAt, failure }: Pick<StripeWrite, 'begunAt' | 'failure'>,
    lifeMs = KEY_LIFE_MS,
  ): boolean {
    if (failure === OTHER_USE || /^5\d\d/.test(failure ?? '')) return true;
    return this.clock.now().getTime() - begunAt.getTime() > lifeMs;
  }

  private async call<T>(verb: string, ask: (stripe: Stripe) => Promise<T>, isRead = false): Promise<T> {
    this.mustBeOutside(verb);
    const stripe = await this.client.get();
    let isOn = false;
    try {
      const answer = await this.gate.run(async () => {
        isOn = true;
        const timed = stripeSeconds.startTimer({ verb });
        const once = () => asCall(verb, () => ask(stripe));
        const all = isRead ? readAgain(once, isUnknown, this.patienceMs) : once();
        return all.finally(timed);
      }, isOutage);
      stripeCalls.inc({ verb, outcome: 'done' });
      return answer;
    } catch (error) {
      stripeCalls.inc({ verb, outcome: !isOn ? 'kept_back' : isUnknown(error) ? 'unknown' : 'refused' });
      throw error;
    }
  }

  /** Connection and locks would wait for Stripe, and what Stripe did would stay when it is taken back. */
  private mustBeOutside(verb: string): void {
    if (this.db.isInTransaction) throw new Error(`Stripe is never asked inside a transaction: ${verb}.`);
  }

  private told(verb: string, error: unknown): unknown {
    const shown = asBillingError(error);
    if (shown !== error) this.log.warn({ verb, failure: failureWord(error) }, 'Stripe did not do it.');
    return shown;
  }
}
