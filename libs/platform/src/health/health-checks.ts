import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Clock } from '../clock/clock.js';
import { DatabaseConfig } from '../db/database.config.js';
import { RedisClients, type RedisPurpose } from '../redis/redis-clients.js';
import { Briefly } from './briefly.js';
import { type Finding, probe, PROBE_TIMEOUT_MS, UNCONFIGURED } from './probe.js';
import { UpstreamConfig } from './upstream.config.js';

/** How long a finding is believed, in ms. */
const KEEP_MS = 1_000;
const DISCOVERY = '/.well-known/openid-configuration';
const PURPOSES: readonly RedisPurpose[] = ['seats', 'queues', 'limits', 'nonces'];

/** What this process needs, and how each of it answered last. */
export interface Findings {
  database: Finding;
  redis: Record<RedisPurpose, Finding>;
}

/** Asks the parts that this process stands on, each within a second, all at once, at most once a second. */
@Injectable()
export class HealthChecks implements OnApplicationShutdown {
  /** A connection of its own: a full pool is a busy process, and taking a busy process away makes the others busier. */
  private readonly pool: pg.Pool;
  private readonly parts: Briefly<Findings>;
  private readonly issuer: Briefly<Finding>;
  private readonly firebase: Briefly<Finding>;

  constructor(
    database: DatabaseConfig,
    private readonly redis: RedisClients,
    private readonly upstream: UpstreamConfig,
    clock: Clock,
  ) {
    this.pool = new pg.Pool({
      connectionString: database.url,
      max: 1,
      connectionTimeoutMillis: PROBE_TIMEOUT_MS,
      query_timeout: PROBE_TIMEOUT_MS,
      application_name: 'gatehouse-health',
    });
    this.pool.on('error', () => undefined);
    this.parts = new Briefly(clock, KEEP_MS, () => this.askParts());
    this.issuer = new Briefly(clock, KEEP_MS, () => askIssuer(this.auth0()));
    this.firebase = new Briefly(clock, KEEP_MS, () => askIssuer(this.firebaseIssuer()));
  }

  /** Postgres, and Redis for each purpose. */
  findings(): Promise<Findings> {
    return this.parts.get();
  }

  /** The issuer above us; `unconfigured` without one. */
  upstreamIssuer(): Promise<Finding> {
    return this.issuer.get();
  }

  /** Firebase Auth, whose ID tokens sign people in; `unconfigured` without a project. */
  firebaseAuth(): Promise<Finding> {
    return this.firebase.get();
  }

  private async askParts(): Promise<Findings> {
    // Purposes that share one Redis share the question.
    const asked = new Map<string, Promise<Finding>>();
    const askRedis = (purpose: RedisPurpose): Promise<Finding> => {
      const url = this.redis.url(purpose);
      const finding = asked.get(url) ?? probe(() => this.redis.for(purpose).ping());
      asked.set(url, finding);
      return finding;
    };
    const [database, seats, queues, limits, nonces] = await Promise.all([
      probe(() => this.pool.query('select 1')),
      ...PURPOSES.map(askRedis),
    ]);
    return {
      database: database!,
      redis: { seats: seats!, queues: queues!, limits: limits!, nonces: nonces! },
    };
  }

  private auth0(): URL | undefined {
    const { auth0Domain } = this.upstream;
    return auth0Domain && new URL(DISCOVERY, auth0Domain);
  }

  /** What its emulator has instead of a discovery document is its front page. */
  private firebaseIssuer(): URL | undefined {
    const { firebaseProject, firebaseEmulator } = this.upstream;
    if (!firebaseProject) return undefined;
    if (firebaseEmulator) return new URL(`http://${firebaseEmulator}/`);
    return new URL(`https://securetoken.google.com/${encodeURIComponent(firebaseProject)}${DISCOVERY}`);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

function askIssuer(url: URL | undefined): Promise<Finding> {
  if (!url) return Promise.resolve(UNCONFIGURED);
  return probe(async (signal) => {
    const answer = await fetch(url, { signal, redirect: 'manual' });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`The issuer answered ${answer.status}.`);
  });
}
