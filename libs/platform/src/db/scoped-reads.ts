import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';
import { send, SET_SCOPE, settle, type TenantScope } from './statements.js';

/** One connection serves so many of them one after the other; more of the same turn take another. */
const MAX_TOGETHER = 16;
/** Statements behind one that failed (PostgreSQL, appendix A: in_failed_sql_transaction). */
const BEHIND_A_FAILURE = '25P02';

/** One read of a snapshot. */
export type SnapshotRead = <Row extends QueryResultRow>(sql: string, values?: unknown[]) => Promise<Row[]>;

/** Times as UTC in what Postgres itself makes text of. */
const SNAPSHOT = `begin isolation level repeatable read read only; set local timezone = 'UTC'`;

interface Read {
  sql: string;
  values: unknown[];
  resolve(rows: QueryResultRow[]): void;
  reject(error: unknown): void;
}

/**
 * Reads by scope, in one write each: begin, settings, statements and commit. Those of one scope that are asked for in
 * the same turn of the event loop go together, each with a snapshot of its own; one that fails fails alone.
 */
export class ScopedReads {
  private readonly gathered = new Map<string, Read[]>();

  /** `pool`: of connections that pipeline. */
  constructor(private readonly pool: Pool) {}

  read<Row extends QueryResultRow>(scope: TenantScope, sql: string, values: unknown[]): Promise<Row[]> {
    return new Promise<Row[]>((resolve, reject) => {
      const read = { sql, values, resolve: resolve as Read['resolve'], reject };
      const key = JSON.stringify(scope);
      const together = this.gathered.get(key);
      if (together && together.length < MAX_TOGETHER) {
        together.push(read);
        return;
      }
      const reads = [read];
      this.gathered.set(key, reads);
      process.nextTick(() => {
        if (this.gathered.get(key) === reads) this.gathered.delete(key);
        void this.run(scope, reads);
      });
    });
  }

  /** See Db.snapshot. */
  async snapshot<T>(scope: TenantScope, work: (read: SnapshotRead) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let fault: Error | undefined;
    try {
      await client.query(SNAPSHOT);
      await client.query(SET_SCOPE, scope);
      const result = await work(
        async <Row extends QueryResultRow>(sql: string, values?: unknown[]) =>
          (await client.query<Row>(sql, values)).rows,
      );
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((broken: Error) => (fault = broken));
      throw error;
    } finally {
      client.release(fault);
    }
  }

  private async run(scope: TenantScope, reads: readonly Read[]): Promise<void> {
    try {
      const outcomes = await this.ask(scope, reads);
      const behind = reads.filter((read, at) => !isSettled(read, outcomes[at]!));
      if (behind.length > 0) await this.run(scope, behind);
    } catch (error) {
      for (const { reject } of reads) reject(error);
    }
  }

  /** What became of each. Throws when none could be asked. */
  private async ask(
    scope: TenantScope,
    reads: readonly Read[],
  ): Promise<PromiseSettledResult<QueryResult>[]> {
    const client = await this.pool.connect();
    let fault: Error | undefined;
    try {
      const begun = [send(client, 'begin read only'), send(client, SET_SCOPE, scope)];
      const asked = reads.map(({ sql, values }) => send(client, sql, values));
      // One that failed is rolled back by the commit behind it.
      const ended = send(client, 'commit');
      const outcomes = await Promise.allSettled(asked);
      await settle<QueryResult>([...begun, ended]);
      return outcomes;
    } catch (error) {
      fault = error as Error;
      throw error;
    } finally {
      giveBack(client, fault);
    }
  }
}

function isSettled({ resolve, reject }: Read, outcome: PromiseSettledResult<QueryResult>): boolean {
  if (outcome.status === 'fulfilled') {
    resolve(outcome.value.rows);
    return true;
  }
  if ((outcome.reason as { code?: string }).code === BEHIND_A_FAILURE) return false;
  reject(outcome.reason);
  return true;
}

/** A connection that broke is closed; one whose statement was refused is as good as before. */
function giveBack(client: PoolClient, fault: Error | undefined): void {
  client.release(fault && !('severity' in fault) ? fault : undefined);
}
