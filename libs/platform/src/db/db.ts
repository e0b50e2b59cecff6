import { AsyncLocalStorage } from 'node:async_hooks';
import type { Duplex } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { PoolClient, QueryResultRow } from 'pg';
import type { Actor } from '../actor/actor.js';
import { type RecordedEvent, writeOutbox } from '../events/outbox.js';
import { AppDatabase } from './app-database.js';

interface Scope {
  actor: Actor;
  manager: EntityManager;
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

  constructor(private readonly database: AppDatabase) {}

  /**
   * Rows of one statement that only reads, in one round trip: begin, settings, statement and commit are
   * written together.
   */
  async read<Row extends QueryResultRow>(actor: Actor, sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = await this.database.readers.connect();
    let fault: Error | undefined;
    try {
      const [, , rows] = await settle(
        inOneWrite(client, () => [
          client.query('begin read only'),
          client.query(SET_SCOPE, scopeOf(actor)),
          client.query<Row>(sql, values),
          client.query('commit'),
        ]),
      );
      return (rows as { rows: Row[] }).rows;
    } catch (error) {
      fault = error as Error;
      throw error;
    } finally {
      // A statement that failed has been rolled back by the commit behind it; a broken connection is closed.
      client.release(fault && !('severity' in fault) ? fault : undefined);
    }
  }

  /**
   * Runs `work` in one transaction of the actor's tenant. Events recorded inside are written to the outbox
   * with it. A nested call for the same tenant joins; for another tenant it throws.
   */
  async transaction<T>(actor: Actor, work: () => Promise<T>): Promise<T> {
    const outer = this.scopes.getStore();
    if (outer?.open) {
      if (outer.actor.tenantId !== actor.tenantId) {
        throw new Error('A transaction of one tenant cannot contain a transaction of another.');
      }
      return work();
    }

    return this.database.source.transaction(async (manager) => {
      await manager.query(SET_SCOPE, scopeOf(actor));
      const scope: Scope = { actor, manager, events: [], open: true };
      try {
        const result = await this.scopes.run(scope, work);
        if (scope.broken) throw new Error('A part of this transaction failed.');
        await writeOutbox(manager, actor, scope.events);
        return result;
      } finally {
        scope.open = false;
      }
    });
  }

  /**
   * Inside the transaction of one tenant: `work` for another, with its rows and its events, in the same transaction.
   * For operators alone, for what spans two tenants and must not happen by halves; anybody else's throws.
   */
  async alongside<T>(actor: Actor, work: () => Promise<T>): Promise<T> {
    const outer = this.scope;
    if (outer.actor.type !== 'operator' || actor.type !== 'operator') {
      throw new Error('Only an operator may change two tenants in one transaction.');
    }
    const scope: Scope = { actor, manager: outer.manager, events: [], open: true };
    await outer.manager.query(SET_SCOPE, scopeOf(actor));
    try {
      const result = await this.scopes.run(scope, work);
      await writeOutbox(outer.manager, actor, scope.events);
      await outer.manager.query(SET_SCOPE, scopeOf(outer.actor));
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

  /** Keeps events for the outbox of the transaction around the caller. */
  record(events: readonly RecordedEvent[]): void {
    this.scope.events.push(...events);
  }

  /** Rows of one statement inside the transaction around the caller. */
  async query<Row extends QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const result: unknown = await this.manager.query(sql, values);
    // TypeORM gives [rows, count] for update and delete, and rows for the rest.
    return isCounted(result) ? (result[0] as Row[]) : (result as Row[]);
  }

  private get scope(): Scope {
    const scope = this.scopes.getStore();
    if (!scope) throw new Error('This needs a transaction around it: db.transaction(actor, ...).');
    if (!scope.open) throw new Error('The transaction this belongs to has ended.');
    return scope;
  }
}

const SET_SCOPE = `select set_config('app.tenant_id', $1, true), set_config('app.user_id', $2, true)`;

const scopeOf = (actor: Actor) => [actor.tenantId ?? '', actor.type === 'user' ? (actor.id ?? '') : ''];

const isCounted = (result: unknown): result is [unknown[], number] =>
  Array.isArray(result) && result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number';

/** Four writes to the socket cost a third more processor than one (pg 8.23; seven interleaved rounds of 1,000 reads). */
function inOneWrite<T>(client: PoolClient, send: () => T): T {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  stream.cork();
  try {
    return send();
  } finally {
    stream.uncork();
  }
}

/** Waits for all, then throws the first failure: a connection is given back only when it is idle. */
async function settle(promises: Promise<unknown>[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(promises);
  const failed = outcomes.find((one) => one.status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
  return outcomes.map((one) => (one as PromiseFulfilledResult<unknown>).value);
}
