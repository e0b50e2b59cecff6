import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import type { Actor } from '../actor/actor.js';
import { outboxStatements, type RecordedEvent } from '../events/outbox.js';
import { AppDatabase } from './app-database.js';
import { ScopedReads, type SnapshotRead } from './scoped-reads.js';
import { send, SET_SCOPE, settle, type TenantScope } from './statements.js';
import { TenantClosed } from './tenant-closed.js';

interface Scope {
  actor: Actor;
  manager: EntityManager;
  client: PoolClient;
  events: RecordedEvent[];
  open: boolean;
  /** A part of it failed: it may not be committed, whoever catches the error. */
  broken?: boolean;
}

/**
 * The only way to a tenant's rows. Every statement runs as a role that row security binds, with the actor's
 * tenant and user in the connection's settings, so a forgotten filter reads nothing instead of everything.
 */
@Injectable()
export class Db {
  private readonly scopes = new AsyncLocalStorage<Scope>();
  private readonly reads: ScopedReads;

  constructor(private readonly database: AppDatabase) {
    this.reads = new ScopedReads(database.readers);
  }

  /**
   * Rows of one statement that only reads. Those of one actor that are asked for in the same turn of the event loop
   * share a round trip.
   */
  read<Row extends QueryResultRow>(actor: Actor, sql: string, values: unknown[] = []): Promise<Row[]> {
    return this.reads.read(scopeOf(actor), sql, values);
  }

  /**
   * Many reads of one picture: what is written while `work` runs, none of them sees. On a connection of its own, in no
   * transaction around the caller; for background work alone, because Postgres cleans up nothing younger meanwhile.
   */
  snapshot<T>(actor: Actor, work: (read: SnapshotRead) => Promise<T>): Promise<T> {
    return this.reads.snapshot(scopeOf(actor), work);
  }

  /**
   * Runs `work` in one transaction of the actor's tenant. Events recorded inside are written to the outbox
   * with it. A nested call for the same tenant joins; for another tenant it throws. Throws 403 `TENANT_DELETED` when
   * something was to be written for a tenant that is gone.
   */
  async transaction<T>(actor: Actor, work: () => Promise<T>): Promise<T> {
    const outer = this.scopes.getStore();
    if (outer?.open) {
      if (outer.actor.tenantId !== actor.tenantId) {
        throw new Error('A transaction of one tenant cannot contain a transaction of another.');
      }
      return work();
    }

    const runner = this.database.source.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    const scope: Scope = { actor, manager: runner.manager, client, events: [], open: true };
    // With the first statement in one write; TypeORM is told, so that it begins none of its own.
    const begun = settle<QueryResult>([send(client, 'begin'), send(client, SET_SCOPE, scopeOf(actor))]);
    begun.catch(() => undefined);
    try {
      Object.assign(runner, { isTransactionActive: true });
      const result = await this.scopes.run(scope, work);
      await begun;
      await commit(scope);
      return result;
    } catch (error) {
      scope.open = false;
      await send(client, 'rollback').catch(() => undefined);
      throw (await isClosed(begun, actor)) ? new TenantClosed() : error;
    } finally {
      Object.assign(runner, { isTransactionActive: false });
      await runner.release();
    }
  }

  /**
   * Inside the transaction of one tenant: `work` for another, with its rows and its events, in the same transaction.
   * For operators, and for one person who is in both, for what spans two tenants and must not happen by halves; anybody
   * else's throws.
   */
  async alongside<T>(actor: Actor, work: () => Promise<T>): Promise<T> {
    const outer = this.scope;
    if (!mayWorkAlongside(outer.actor, actor)) {
      throw new Error(
        'Only an operator may change two tenants in one transaction, or a person for themselves.',
      );
    }
    const { manager, client } = outer;
    const scope: Scope = { actor, manager, client, events: [], open: true };
    await send(client, SET_SCOPE, scopeOf(actor));
    try {
      const result = await this.scopes.run(scope, work);
      for (const { text, values } of outboxStatements(actor, scope.events)) await send(client, text, values);
      await send(client, SET_SCOPE, scopeOf(outer.actor));
      return result;
    } catch (error) {
      // Its rows are in the same transaction: nobody may commit the half that went well.
      outer.broken = true;
      throw error;
    } finally {
      scope.open = false;
    }
  }

  /** The manager of the transaction around the caller. Throws outside of one, and after it has ended. */
  get manager(): EntityManager {
    return this.scope.manager;
  }

  /** Whose transaction this is. */
  get actor(): Actor {
    return this.scope.actor;
  }

  /** Whether the caller is inside a transaction: what takes long does not belong there. */
  get isInTransaction(): boolean {
    return this.scopes.getStore()?.open === true;
  }

  /** Keeps events for the outbox of the transaction around the caller. */
  record(events: readonly RecordedEvent[]): void {
    this.scope.events.push(...events);
  }

  /**
   * Rows of one statement inside the transaction around the caller. Statements take effect in the order in which they
   * are called; those that need nothing of each other may be awaited together, and share a round trip.
   */
  async query<Row extends QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await send<Row>(this.scope.client, sql, values)).rows;
  }

  private get scope(): Scope {
    const scope = this.scopes.getStore();
    if (!scope) throw new Error('This needs a transaction around it: db.transaction(actor, ...).');
    if (!scope.open) throw new Error('The transaction this belongs to has ended.');
    return scope;
  }
}

/** The outbox and the commit in one write. Whatever failed before, also what somebody caught, takes everything back. */
async function commit(scope: Scope): Promise<void> {
  scope.open = false;
  if (scope.broken) throw partFailed();
  const { client, actor, events } = scope;
  const written = outboxStatements(actor, events).map(({ text, values }) => send(client, text, values));
  const outcomes = await settle([...written, send(client, 'commit')]);
  if (outcomes.at(-1)?.command !== 'COMMIT') throw partFailed();
}

/** A person's own settings are the same in both. */
function mayWorkAlongside(one: Actor, other: Actor): boolean {
  if (one.type !== other.type) return false;
  return one.type === 'operator' || (one.type === 'user' && one.id !== null && one.id === other.id);
}

/** Whether Postgres has made a transaction of no tenant out of one of the actor's, which was deleted. */
async function isClosed(begun: Promise<QueryResult[]>, { tenantId }: Actor): Promise<boolean> {
  const [, set] = await begun.catch(() => []);
  return Boolean(tenantId) && (set?.rows[0] as { tenant: string } | undefined)?.tenant === '';
}

const partFailed = () => new Error('A part of this transaction failed.');

const scopeOf = (actor: Actor): TenantScope => [
  actor.tenantId ?? '',
  actor.type === 'user' ? (actor.id ?? '') : '',
];
