import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Actor, Clock, DomainError, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { type OpenWrite, OpenWrites } from '../persistence/open-writes.js';
import { isAnswer } from '../stripe/stripe-failures.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { KnownWrites } from './known-writes.js';
import { writesSettled } from './metrics.js';

const BATCH = 20;
/** Longer than whoever began it may still be at it, in ms; a call and the wait for its turn take two timeouts at most. */
const UNTOUCHED_MS = 60_000;
/** What was asked for longer ago, in ms, would surprise whoever did: it is only looked for. */
const WANTED_MS = 3_600_000;

/** Finds out how writes ended that nobody knows the end of, and whose callers have gone. */
@Injectable()
export class SettleWrites {
  constructor(
    private readonly open: OpenWrites,
    private readonly known: KnownWrites,
    private readonly gateway: StripeGateway,
    private readonly config: BillingConfig,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** One batch; true when there may be more. One that cannot be settled now is tried again after as long. */
  async execute(): Promise<boolean> {
    const now = this.clock.now();
    const before = new Date(now.getTime() - Math.max(UNTOUCHED_MS, 2 * this.config.timeoutMs));
    const taken = await this.open.take(this.known.verbs, before, now, BATCH);
    for (const one of taken) {
      try {
        const outcome = await this.settle(Actor.system(one.tenantId, randomUUID()), one);
        writesSettled.inc({ verb: one.verb, outcome });
      } catch (error) {
        // Its rows go with it.
        if (error instanceof DomainError && error.code === 'TENANT_DELETED') continue;
        this.log.warn({ error, verb: one.verb, tenant_id: one.tenantId }, 'A write is not settled yet.');
      }
    }
    return taken.length === BATCH;
  }

  private async settle(actor: Actor, one: OpenWrite): Promise<'done' | 'refused' | 'lost'> {
    const { write, isWantedLate } = this.known.of(one.verb, one.params)!;
    try {
      const found = await this.gateway.settle(actor, write, one, isWantedLate ? WANTED_MS : 0);
      return found ? 'done' : 'lost';
    } catch (error) {
      // What Stripe has refused is over.
      if (!isAnswer(error)) throw error;
      return 'refused';
    }
  }
}
