import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, newId } from '#platform';

/** Something that we ask Stripe to do. */
export interface StripeWrite {
  /** What Stripe gets as the idempotency key. */
  id: string;
  begunAt: Date;
  /** How the last try failed; null: it is the first, or the process ended in the middle of it. */
  failure: string | null;
  /** Whether it was there already: nobody knows how it ended. */
  isOld: boolean;
}

interface Row {
  id: string;
  begun_at: Date;
  failure: string | null;
  is_old: boolean;
}

/** What we have asked Stripe to do, written down before we ask. */
@Injectable()
export class StripeWrites {
  constructor(
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  /** Inside the transaction around the caller, or in one of its own: the same verb and parameters are one write until it has ended. */
  async begin(actor: Actor, verb: string, params: unknown): Promise<StripeWrite> {
    const canonical = canonicalJson(params);
    const digest = createHash('sha256').update(`${verb} ${canonical}`).digest('base64url');
    const values = [actor.tenantId, newId('wrt'), verb, digest, canonical, this.clock.now()];
    const [row] = await this.db.transaction(actor, () => this.db.query<Row>(BEGIN, values));
    return { id: row!.id, begunAt: row!.begun_at, failure: row!.failure, isOld: row!.is_old };
  }

  async end(
    actor: Actor,
    id: string,
    outcome: 'done' | 'refused' | 'lost',
    { resultId = null, failure = null }: { resultId?: string | null; failure?: string | null } = {},
  ): Promise<void> {
    await this.db.transaction(actor, () =>
      this.db.query(
        `update billing.stripe_writes set outcome = $3, result_id = $4, failure = coalesce($5, failure), ended_at = $6
         where tenant_id = $1 and id = $2 and outcome is null`,
        [actor.tenantId, id, outcome, resultId, failure, this.clock.now()],
      ),
    );
  }

  /** It stays open: the next who wants the same goes on with it. */
  async fail(actor: Actor, id: string, failure: string): Promise<void> {
    await this.db.transaction(actor, () =>
      this.db.query(
        'update billing.stripe_writes set failure = $3 where tenant_id = $1 and id = $2 and outcome is null',
        [actor.tenantId, id, failure],
      ),
    );
  }
}

/** The same for the same, in whatever order it was put together. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    one !== null && typeof one === 'object' && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

// An update that changes nothing locks the row and gives it back: whoever comes second gets the first one's.
const BEGIN = `
  insert into billing.stripe_writes as w (tenant_id, id, verb, digest, params, begun_at)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (tenant_id, verb, digest) where outcome is null do update set digest = excluded.digest
  returning w.id, w.begun_at, w.failure, w.id <> $2 as is_old`;
