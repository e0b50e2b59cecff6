import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, Clock, Log } from '#platform';
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

export interface Write<T extends { id: string }> {
  /** Like `create_customer`; with the parameters what makes two writes the same one. */
  verb: string;
  params: Record<string, unknown>;
  /** Puts `marks` into the object's metadata. */
  make: (stripe: Stripe, marks: WriteMarks, options: { idempotencyKey: string }) => Promise<T>;
  /** Looks for the object with those marks, when Stripe has forgotten the key; null: it was never made. */
  find: (stripe: Stripe, marks: WriteMarks) => Promise<T | null>;
}

/** The only way to Stripe: bounded, counted, every write under a key that was stored before. */
@Injectable()
export class StripeGateway {
  private readonly gate: CallGate;
  private readonly underWay = new Map<string, Promise<unknown>>();

  constructor(
    private readonly client: StripeClient,
    private readonly writes: StripeWrites,
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
   * Does what `write` says once, however often it is asked for while nobody knows how it ended: an unknown outcome is
   * tried again under the same key as long as Stripe remembers that, then looked up by its marks. Never call it inside a
   * transaction. Throws 422 `CARD_DECLINED`, 409 `BILLING_BUSY` or `BILLING_CONFLICT`, 503 `BILLING_UNAVAILABLE`.
   */
  async write<T extends { id: string }>(actor: Actor, write: Write<T>): Promise<T> {
    const begun = await this.writes.begin(actor, write.verb, write.params);
    // Those of one process share a call; of two processes Stripe refuses the second one's.
    const running = this.underWay.get(begun.id) as Promise<T> | undefined;
    if (running) return running;
    const doing = this.finish(actor, write, begun).finally(() => this.underWay.delete(begun.id));
    this.underWay.set(begun.id, doing);
    return doing;
  }

  private async finish<T extends { id: string }>(
    actor: Actor,
    write: Write<T>,
    begun: StripeWrite,
  ): Promise<T> {
    const marks: WriteMarks = { tenant_id: actor.tenantId!, gatehouse_write: begun.id };
    if (begun.isOld && this.isForgotten(begun)) {
      const found = await this.read(`find:${write.verb}`, (stripe) => write.find(stripe, marks));
      if (found) {
        await this.writes.end(actor, begun.id, 'done', { resultId: found.id });
        return found;
      }
      await this.writes.end(actor, begun.id, 'lost');
      return this.finish(actor, write, await this.writes.begin(actor, write.verb, write.params));
    }
    try {
      const made = await this.call(write.verb, (stripe) =>
        write.make(stripe, marks, { idempotencyKey: begun.id }),
      );
      await this.writes.end(actor, begun.id, 'done', { resultId: made.id });
      return made;
    } catch (error) {
      const failure = failureWord(error);
      if (isUnknown(error)) await this.writes.fail(actor, begun.id, failure);
      else if (!isInUse(error) && !isOutage(error))
        await this.writes.end(actor, begun.id, 'refused', { failure });
      throw this.told(write.verb, error);
    }
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
