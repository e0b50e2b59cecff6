import { Injectable } from '@nestjs/common';
import { Clock, newId, SystemDatabase } from '#platform';
import type { StripeWrite } from './stripe-writes.js';
import { digestOf } from './stripe-writes.js';

/** Something that we ask Stripe to do for the product itself. */
export type ProductWrite = Omit<StripeWrite, 'params'>;

/** What we have asked Stripe to do that belongs to no tenant, written down before we ask. */
@Injectable()
export class ProductWrites {
  constructor(
    private readonly database: SystemDatabase,
    private readonly clock: Clock,
  ) {}

  /** Until it has ended, the same verb with the same `what` is the same write. */
  async begin(verb: string, what: unknown): Promise<ProductWrite> {
    const [row] = await this.database.query<Row>(BEGIN, [
      newId('wrt'),
      verb,
      digestOf(what),
      this.clock.now(),
    ]);
    return row!;
  }

  /** Whether there is one whose end nobody knows. */
  async isOpen(verb: string, what: unknown): Promise<boolean> {
    const rows = await this.database.query(
      'select 1 from billing.product_writes where verb = $1 and digest = $2 and ended_at is null',
      [verb, digestOf(what)],
    );
    return rows.length > 0;
  }

  async end(id: string, outcome: 'done' | 'refused' | 'lost', failure: string | null = null): Promise<void> {
    await this.database.query(
      `update billing.product_writes set outcome = $2, failure = coalesce($3, failure), ended_at = $4
       where id = $1 and ended_at is null`,
      [id, outcome, failure, this.clock.now()],
    );
  }

  /** It stays open: the next who wants the same goes on with it. */
  async fail(id: string, failure: string): Promise<void> {
    await this.database.query(
      'update billing.product_writes set failure = $2 where id = $1 and ended_at is null',
      [id, failure],
    );
  }
}

type Row = ProductWrite & { [column: string]: unknown };

// The update locks the row and gives it back: whoever comes second gets the first one's.
const BEGIN = `
  insert into billing.product_writes as w (id, verb, digest, begun_at) values ($1, $2, $3, $4)
  on conflict (verb, digest) where ended_at is null do update set begun_at = w.begun_at
  returning w.id, w.begun_at as "begunAt", w.failure, w.id <> $1 as "isOld"`;
