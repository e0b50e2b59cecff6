import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, DomainError, idOf, occurred, type Page } from '#platform';
import { CustomerOfEvent } from '../applying/customer-of-event.js';
import { dispatch } from '../applying/dispatch.js';
import { differences } from '../domain/standing-change.js';
import { StripeEventsReplayed } from '../events/index.js';
import { OperatorLog } from '../persistence/operator-log.js';
import {
  type StoredStripeEvent,
  StripeArchive,
  type StripeEventFilter,
} from '../persistence/stripe-archive.js';
import { isMeterError } from '../usage/hear-meter-errors.js';
import { FollowCustomer } from './follow-customer.js';

const word = () => z.string().regex(/^[\x21-\x7e]{1,255}$/);
const PAGE = 200;
const OF_USES = 'OF_USES';

const Filter = z.strictObject({
  id: word().optional(),
  type: word().optional(),
  tenantId: idOf('ten').optional(),
  from: z.date().optional(),
  to: z.date().optional(),
  /** Only those that were parked. */
  status: z.literal('dead').optional(),
});

export const ReplayStripeEventsInput = Filter.refine(
  (filter) => Object.values(filter).some((one) => one !== undefined),
  'must say which events: by id, type, tenant or when they came, or those that were parked',
);

/** What applying a customer's events again would come to. */
export interface Foretold {
  /** A customer; an event, of which it cannot be read whose it is. */
  subject: string;
  /** null: nobody's that we know. */
  tenantId: string | null;
  /**
   * Why nothing can come of it. `OF_USES`: something may, and what, Stripe alone knows: it has not counted what was used,
   * and is asked of what.
   */
  problem: string | null;
  /** In words; none: nothing. */
  differences: readonly string[];
  /** Of what people would be told for the first time. */
  tells: readonly string[];
}

/** Applies events of Stripe again, and lists those that were parked. Operators only. */
@Injectable()
export class ReplayStripeEvents {
  constructor(
    private readonly archive: StripeArchive,
    private readonly customerOf: CustomerOfEvent,
    private readonly follow: FollowCustomer,
    private readonly log: OperatorLog,
    private readonly clock: Clock,
  ) {}

  /** Those that were given up, the oldest first. */
  async dead(actor: Actor, limit: number, cursor?: string): Promise<Page<StoredStripeEvent>> {
    actor.must('operator:billing');
    return this.archive.page({ status: 'dead' }, limit, cursor);
  }

  /** How many of those that were replayed nobody has decided about yet. */
  async waiting(actor: Actor): Promise<number> {
    actor.must('operator:billing');
    return this.archive.waiting();
  }

  /**
   * The workers look again at what those events are about; what they say is not believed, and what has followed from them
   * does not follow again. Gives how many.
   */
  async execute(actor: Actor, filter: z.output<typeof ReplayStripeEventsInput>): Promise<number> {
    actor.must('operator:billing');
    const found = await this.archive.count(filter);
    if (found.length === 0) return 0;
    const count = found.reduce((sum, one) => sum + one.count, 0);
    await this.log.append(actor, 'STRIPE_EVENTS_REPLAYED', { filter, count });
    for (const { tenantId, count: ofTenant, types } of found) {
      if (!tenantId) continue;
      const payload = { count: ofTenant, types: types.toSorted() };
      await this.log.tell(actor.as({ tenantId }), occurred(StripeEventsReplayed, payload, this.clock.now()));
    }
    return this.archive.reopen(filter);
  }

  /**
   * What {@link execute} would change now, customer by customer; writes nothing and tells nobody. Throws 503
   * `BILLING_UNAVAILABLE`.
   */
  async *foresee(
    actor: Actor,
    filter: z.output<typeof ReplayStripeEventsInput>,
  ): AsyncGenerator<Foretold, void> {
    actor.must('operator:billing');
    const seen = new Set<string>();
    for await (const { subject, problem } of this.subjects(filter)) {
      if (problem) yield nothing(subject, problem);
      else if (!seen.has(subject)) yield this.foreseeOf(subject, actor.origin.traceId);
      seen.add(subject);
    }
  }

  private async foreseeOf(customerId: string, traceId: string): Promise<Foretold> {
    try {
      const seen = await this.follow.foresee(customerId, traceId);
      if (seen.outcome === 'foreign') return nothing(customerId, seen.why);
      const { tenantId, before, after, tells } = seen;
      return { subject: customerId, tenantId, problem: null, differences: differences(before, after), tells };
    } catch (error) {
      if (error instanceof DomainError && error.code === 'TENANT_DELETED')
        return nothing(customerId, error.code);
      throw error;
    }
  }

  /** The customers that they are about, again and again, a page of events after the other; and of which none can be read. */
  private async *subjects(filter: StripeEventFilter): AsyncGenerator<Pick<Foretold, 'subject' | 'problem'>> {
    let cursor: string | undefined;
    do {
      const page = await this.archive.page(filter, PAGE, cursor);
      const ids = page.data.filter((one) => dispatch(one.type) === 'handled').map((one) => one.id);
      const ofUses = new Set(page.data.filter((one) => isMeterError(one.type)).map((one) => one.id));
      for (const { id, payload } of await this.archive.payloads(ids)) {
        if (ofUses.has(id)) {
          yield { subject: id, problem: OF_USES };
          continue;
        }
        try {
          for (const subject of await this.customerOf.execute(payload)) yield { subject, problem: null };
        } catch (error) {
          if (error instanceof DomainError) throw error;
          yield { subject: id, problem: 'UNREADABLE' };
        }
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
  }
}

const nothing = (subject: string, problem: string): Foretold => ({
  subject,
  tenantId: null,
  problem,
  differences: [],
  tells: [],
});
