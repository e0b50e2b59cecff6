import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { surviveLostConnections } from './connection-lost.js';
import { DatabaseConfig } from './database.config.js';
import { Entities } from './entities.js';

/** A connection that cannot be had within this many ms is an answer of its own (503), not a queue. */
const CONNECT_TIMEOUT_MS = 5_000;
/** No statement of a request may hold a connection longer, in ms. */
const STATEMENT_TIMEOUT_MS = 15_000;

/** The pools of the app role: one under TypeORM for transactions, one for scoped reads. Both pipeline. */
@Injectable()
export class AppDatabase implements OnModuleInit, OnApplicationShutdown {
  readonly source: DataSource;
  readonly readers: pg.Pool;

  constructor(config: DatabaseConfig, entities: Entities) {
    const pool = {
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
      application_name: 'gatehouse-app',
      pipeline: true,
    };
    this.source = new DataSource({
      type: 'postgres',
      driver: pg,
      url: config.url,
      poolSize: config.poolSize,
      extra: pool,
      entities: [...entities.classes],
      installExtensions: false,
    });
    this.readers = new pg.Pool({
      ...pool,
      connectionString: config.url,
      max: config.poolSize,
    } as pg.PoolConfig);
    surviveLostConnections(this.readers);
  }

  async onModuleInit(): Promise<void> {
    await this.source.initialize();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.source.destroy(), this.readers.end()]);
  }
}
