import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, newId } from '#platform';

/** Something that we ask Stripe to do. */
export interface StripeWrite {
  /** What Stripe gets as the idempotency key. */
  id: string;
  begunAt: Date;
  /** What was asked first: under one key Stripe takes nothing else. */
  params: Record<string, unknown>;
  /** How the last try failed; null: it is the first, or the process ended in the middle of it. */
  failure: string | null;
  /** Whether it was there already: nobody knows how it ended. */
  isOld: boolean;
}

interface Row {
  id: string;
  begun_at: Date;
  params: Record<string, unknown>;
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

  /**
   * Inside the transaction around the caller, or in one of its own. Until it has ended, the same verb with the same
   * `identity` (left out: the parameters) is the same write.
   */
  async begin(
    actor: Actor,
    {
      verb,
      params,
      identity = params,
    }: { verb: string; params: Record<string, unknown>; identity?: unknown },
  ): Promise<StripeWrite> {
    const digest = digestOf({ verb, identity });
    const values = [actor.tenantId, newId('wrt'), verb, digest, canonicalJson(params), this.clock.now()];
    const [row] = await this.db.transaction(actor, () => this.db.query<Row>(BEGIN, values));
    return writeOf(row!);
  }

  /** The one of this verb and identity whose end nobody knows; null: there is none. */
  async open(actor: Actor, verb: string, identity: unknown): Promise<StripeWrite | null> {
    const [row] = await this.db.read<Row>(
      actor,
      `select id, begun_at, params, failure, true as is_old from billing.stripe_writes
       where tenant_id = $1 and verb = $2 and digest = $3 and outcome is null`,
      [actor.tenantId, verb, digestOf({ verb, identity })],
    );
    return row ? writeOf(row) : null;
  }

  /** What the actor's tenant has begun of this verb since then, the oldest first. */
  async begunSince(
    actor: Actor,
    verb: string,
    since: Date,
  ): Promise<{ begunAt: Date; params: Record<string, unknown> }[]> {
    return this.db.read(
      actor,
      `select begun_at as "begunAt", params from billing.stripe_writes
       where tenant_id = $1 and verb = $2 and begun_at > $3 order by begun_at`,
      [actor.tenantId, verb, since],
    );
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

const writeOf = ({ id, begun_at: begunAt, params, failure, is_old: isOld }: Row): StripeWrite => ({
  ...{ id, begunAt, params, failure, isOld },
});

/** Names a value by its content. */
export const digestOf = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('base64url');

/** The same for the same, in whatever order it was put together. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    one !== null && typeof one === 'object' && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

// The update locks the row and gives it back: whoever comes second gets the first one's, and no worker takes it meanwhile.
const BEGIN = `
  insert into billing.stripe_writes as w (tenant_id, id, verb, digest, params, begun_at, tried_at)
  values ($1, $2, $3, $4, $5, $6, $6)
  on conflict (tenant_id, verb, digest) where outcome is null do update set tried_at = excluded.tried_at
  returning w.id, w.begun_at, w.params, w.failure, w.id <> $2 as is_old`;
