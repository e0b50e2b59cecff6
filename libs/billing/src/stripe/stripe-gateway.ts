import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, Clock, Db, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { type StripeWrite, StripeWrites } from '../persistence/stripe-writes.js';
import { CallGate } from './call-gate.js';
import { StripeClient } from './stripe-client.js';
import { asBillingError, failureWord, isInUse, isOutage, isUnknown } from './stripe-failures.js';
import { stripeCalls, stripeSeconds } from './stripe-metrics.js';

/** Stripe forgets idempotency keys after at least a day (docs.stripe.com/api/idempotent_requests); an hour less, in ms. */
const KEY_LIFE_MS = 23 * 3_600_000;
/** A call waits so long for its turn, in ms: a request has better things to do. */
const TURN_MS = 1_000;
/** So many failures in a row, and nobody asks for so many ms. */
const FAILURES = 5;
const REST_MS = 5_000;

/** What every object that we make at Stripe carries: whose it is, and which write of ours made it. */
export interface WriteMarks {
  tenant_id: string;
  gatehouse_write: string;
}

type Params = Record<string, unknown>;

export interface Write<T extends { id: string }, P extends Params = Params> {
  /** Like `create_customer`. */
  verb: string;
  params: P;
  /** What makes two writes the same one, beside the verb; left out: the parameters. */
  identity?: unknown;
  /** `params` are those it was first asked with. Puts `marks` into the object's metadata. */
  make: (stripe: Stripe, params: P, marks: WriteMarks, options: { idempotencyKey: string }) => Promise<T>;
  /** Looks for the object with those marks, when Stripe has forgotten the key; null: it was never made. */
  find: (stripe: Stripe, params: P, marks: WriteMarks) => Promise<T | null>;
  /** What becomes true here with it: in one transaction with its end. */
  done?: (made: T) => Promise<unknown>;
}

/** The only way to Stripe: bounded, counted, every write under a key that was stored before. */
@Injectable()
export class StripeGateway {
  private readonly gate: CallGate;
  private readonly underWay = new Map<string, Promise<unknown>>();

  constructor(
    private readonly client: StripeClient,
    private readonly writes: StripeWrites,
    private readonly db: Db,
    private readonly clock: Clock,
    private readonly log: Log,
    config: BillingConfig,
  ) {
    this.gate = new CallGate({
      max: config.maxCalls,
      waitMs: TURN_MS,
      failures: FAILURES,
      restMs: REST_MS,
      now: () => clock.now().getTime(),
    });
  }

  /** Throws 503 `BILLING_UNAVAILABLE`, 409 `BILLING_CONFLICT`. Never call it inside a transaction. */
  async read<T>(verb: string, ask: (stripe: Stripe) => Promise<T>): Promise<T> {
    try {
      return await this.call(verb, ask);
    } catch (error) {
      throw this.told(verb, error);
    }
  }

  /**
   * A write under a key that the caller has stored, and whose unknown outcome it settles itself; `cause` of what it throws
   * tells how it failed, and is missing when Stripe was not asked. Throws like `read`. Never call it inside a transaction.
   */
  writeUnder<T>(verb: string, make: (stripe: Stripe) => Promise<T>): Promise<T> {
    return this.read(verb, make);
  }

  /**
   * Does what `write` says once, however often it is asked for while nobody knows how it ended: an unknown outcome is
   * tried again under the same key as long as Stripe remembers that, then looked up by its marks. `begun`: by the caller,
   * in a transaction that has ended. Never call it inside a transaction. Throws 422 `CARD_DECLINED`, 409 `BILLING_BUSY` or `BILLING_CONFLICT`, 503 `BILLING_UNAVAILABLE`.
   */
  async write<T extends { id: string }, P extends Params>(
    actor: Actor,
    write: Write<T, P>,
    begun?: StripeWrite,
  ): Promise<T> {
    const row = begun ?? (await this.writes.begin(actor, write));
    // Those of one process share a call; of two processes Stripe refuses the second one's.
    const running = this.underWay.get(row.id) as Promise<T> | undefined;
    if (running) return running;
    const doing = this.finish(actor, write, row).finally(() => this.underWay.delete(row.id));
    this.underWay.set(row.id, doing);
    return doing;
  }

  /**
   * For what belongs to no tenant and does no harm twice: the price list. `key` is made of what is done. Throws like
   * {@link read}.
   */
  async change<T>(
    verb: string,
    key: string,
    make: (stripe: Stripe, options: { idempotencyKey: string }) => Promise<T>,
  ): Promise<T> {
    return this.read(verb, (stripe) => make(stripe, { idempotencyKey: key }));
  }

  private async finish<T extends { id: string }, P extends Params>(
    actor: Actor,
    write: Write<T, P>,
    begun: StripeWrite,
  ): Promise<T> {
    const params = begun.params as P;
    const marks: WriteMarks = { tenant_id: actor.tenantId!, gatehouse_write: begun.id };
    if (begun.isOld && this.isForgotten(begun)) {
      const found = await this.read(`find:${write.verb}`, (stripe) => write.find(stripe, params, marks));
      if (found) return this.end(actor, write, begun, found);
      await this.writes.end(actor, begun.id, 'lost');
      return this.finish(actor, write, await this.writes.begin(actor, write));
    }
    try {
      const options = { idempotencyKey: begun.id };
      const made = await this.call(write.verb, (stripe) => write.make(stripe, params, marks, options));
      return await this.end(actor, write, begun, made);
    } catch (error) {
      const failure = failureWord(error);
      if (isUnknown(error)) await this.writes.fail(actor, begun.id, failure);
      else if (!isInUse(error) && !isOutage(error))
        await this.writes.end(actor, begun.id, 'refused', { failure });
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

  /** Stripe keeps a fault of its own under the key like any other answer: asking again by it gets the same one. */
  private isForgotten({ begunAt, failure }: StripeWrite): boolean {
    return this.clock.now().getTime() - begunAt.getTime() > KEY_LIFE_MS || /^5\d\d/.test(failure ?? '');
  }

  private async call<T>(verb: string, ask: (stripe: Stripe) => Promise<T>): Promise<T> {
    const stripe = await this.client.get();
    let isOn = false;
    try {
      const answer = await this.gate.run(async () => {
        isOn = true;
        const timed = stripeSeconds.startTimer({ verb });
        return ask(stripe).finally(timed);
      }, isOutage);
      stripeCalls.inc({ verb, outcome: 'done' });
      return answer;
    } catch (error) {
      stripeCalls.inc({ verb, outcome: !isOn ? 'kept_back' : isUnknown(error) ? 'unknown' : 'refused' });
      throw error;
    }
  }

  private told(verb: string, error: unknown): unknown {
    const shown = asBillingError(error);
    if (shown !== error) this.log.warn({ verb, failure: failureWord(error) }, 'Stripe did not do it.');
    return shown;
  }
}
