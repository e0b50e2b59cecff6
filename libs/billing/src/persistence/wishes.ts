import { Injectable } from '@nestjs/common';
import { type Actor, Db, inMs } from '#platform';
import { type Bought, type Wish, wishAfter, type WishOutcome, withOutcome } from '../domain/wish.js';

/** What a tenant wants its subscription to become, and how what it wanted before ended. */
export interface Wishes {
  generation: number;
  settled: number;
  /** Of nobody yet. */
  wanted: Wish | null;
  /** In the hands of a writer, or of one that was killed. */
  writing: Wish | null;
  askedAt: Date | null;
  outcomes: WishOutcome[];
}

/** Wishes that one writer has taken on together. */
export interface TakenWishes {
  writer: string;
  upTo: number;
  wanted: Wish;
  /** When the last of them was asked for. */
  askedAt: Date;
}

/** So long a wish is its caller's, in ms: then a worker looks whether that was killed. */
const OWN_MS = 2_000;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 60_000;

/** A tenant's wishes. One writer at a time takes on all that there are, for as long as its lease; by Postgres's clock. */
@Injectable()
export class WishBook {
  constructor(private readonly db: Db) {}

  /** null: nothing was ever wanted. */
  async get(actor: Actor): Promise<Wishes | null> {
    const [row] = await this.db.read<Wishes & { [column: string]: unknown }>(
      actor,
      `${SELECT} where tenant_id = $1`,
      [actor.tenantId],
    );
    return row ?? null;
  }

  /** Inside a transaction: those of its tenant, locked. */
  async lock(): Promise<Wishes & { isTaken: boolean; writer: string | null }> {
    const { tenantId } = this.db.actor;
    await this.db.query('insert into billing.wishes (tenant_id) values ($1) on conflict do nothing', [
      tenantId,
    ]);
    const [row] = await this.db.query<Wishes & { isTaken: boolean; writer: string | null }>(
      `${SELECT} where tenant_id = $1 for update`,
      [tenantId],
    );
    return row!;
  }

  /** One more, inside the transaction that has locked them. `wanted`: it, behind those of nobody yet. Gives its generation. */
  async put(wanted: Wish, now: Date): Promise<number> {
    const [row] = await this.db.query<{ generation: number }>(
      `update billing.wishes set wanted = $2, generation = generation + 1, asked_at = $3, attempts = 0,
         retry_at = ${inMs('$4')}
       where tenant_id = $1 returning generation`,
      [this.db.actor.tenantId, JSON.stringify(wanted), now, OWN_MS],
    );
    return row!.generation;
  }

  /** All that there are, for `leaseMs`; null: there are none, or another writer has them. */
  async take(actor: Actor, writer: string, leaseMs: number, known: Bought): Promise<TakenWishes | null> {
    return this.db.transaction(actor, async () => {
      const row = await this.lock();
      if (row.isTaken || row.settled >= row.generation || !row.askedAt) return null;
      // What a writer that was killed had taken on comes before.
      const wanted = row.wanted ? wishAfter(row.writing, row.wanted, known) : (row.writing ?? {});
      await this.db.query(
        `update billing.wishes set writing = $2, wanted = null, writer = $3, leased_until = ${inMs('$4')}
         where tenant_id = $1`,
        [actor.tenantId, JSON.stringify(wanted), writer, leaseMs],
      );
      return { writer, upTo: row.generation, wanted, askedAt: row.askedAt };
    });
  }

  /** They stay the writer's for `leaseMs` more, and `work` is done with them; null: they are another's by now. */
  async hold<T>(
    actor: Actor,
    { writer }: TakenWishes,
    leaseMs: number,
    work: () => Promise<T>,
  ): Promise<T | null> {
    return this.db.transaction(actor, async () => {
      const row = await this.lock();
      if (row.writer !== writer) return null;
      await this.db.query(`update billing.wishes set leased_until = ${inMs('$2')} where tenant_id = $1`, [
        actor.tenantId,
        leaseMs,
      ]);
      return work();
    });
  }

  /** They are decided. Nothing, when they are another's by now. */
  async settle(actor: Actor, { writer }: TakenWishes, outcome: WishOutcome): Promise<void> {
    await this.db.transaction(actor, async () => {
      const row = await this.lock();
      if (row.writer !== writer) return;
      await this.db.query(
        `update billing.wishes set settled = $2, outcomes = $3, writing = null, writer = null, leased_until = null,
           attempts = 0
         where tenant_id = $1`,
        [actor.tenantId, outcome.upTo, JSON.stringify(withOutcome(row.outcomes, outcome))],
      );
    });
  }

  /** Nobody could decide them: the next who wants to goes on, a worker after a while. */
  async release(actor: Actor, { writer }: TakenWishes): Promise<void> {
    await this.db.transaction(actor, () =>
      this.db.query(
        `update billing.wishes set writer = null, leased_until = null, attempts = attempts + 1,
           retry_at = clock_timestamp()
             + least($4::int, $3::int * power(2, least(attempts, 16))) * interval '1 millisecond'
         where tenant_id = $1 and writer = $2`,
        [actor.tenantId, writer, RETRY_MS, RETRY_MAX_MS],
      ),
    );
  }
}

const SELECT = `
  select generation, settled, wanted, writing, asked_at as "askedAt", outcomes, writer,
    coalesce(writer is not null and leased_until > clock_timestamp(), false) as "isTaken"
  from billing.wishes`;
