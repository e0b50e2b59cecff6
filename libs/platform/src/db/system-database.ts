import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { surviveLostConnections } from './connection-lost.js';
import { DatabaseConfig } from './database.config.js';

/** Relay, sweepers and operators need few connections; a leak of them shows early. */
const POOL_SIZE = 4;

/**
 * The system role's own small pool. Only explicit policies open rows to it; no request of a tenant's reaches the tenant's rows by it.
 */
@Injectable()
export class SystemDatabase implements OnApplicationShutdown {
  readonly pool: pg.Pool;

  constructor(config: DatabaseConfig) {
    this.pool = new pg.Pool({
      connectionString: config.systemUrl,
      max: POOL_SIZE,
      connectionTimeoutMillis: 5_000,
      // A worker that is stopped in the middle of a batch must not keep its rows from the others.
      idle_in_transaction_session_timeout: 30_000,
      application_name: 'gatehouse-system',
    });
    surviveLostConnections(this.pool);
  }

  /** Rows of one statement. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(sql, values)).rows;
  }

  /** Runs `work` on one connection inside one transaction. */
  async transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      const result = await work(client);
      await client.query('commit');
      client.release();
      return result;
    } catch (error) {
      await client.query('rollback').then(
        () => client.release(),
        (broken: Error) => client.release(broken),
      );
      throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}
