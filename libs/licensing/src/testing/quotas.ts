import { Redis } from 'ioredis';
import type pg from 'pg';
import {
  Actor,
  Db,
  type Log,
  ManualClock,
  newId,
  type RedisConfig,
  RedisClients,
  SystemDatabase,
  ClosedTenants,
} from '#platform';
import { testDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { testRedis } from '../../../../test/support/redis.js';
import { superuser } from '../../../../test/support/tables.js';
import { License } from '../domain/license.js';
import type { MeterTerms, TermsPatch } from '../domain/terms.js';
import { Licenses } from '../persistence/licenses.js';
import { UsageLedger } from '../persistence/usage-ledger.js';
import { CountUse, type Proof, type Use } from '../quotas/count-use.js';
import { MeteredLicenses } from '../quotas/metered-licenses.js';
import type { MeterUsage } from '../quotas/meter-usage.js';
import { QuotaCounter } from '../quotas/quota-counter.js';
import { usageKey } from '../quotas/quota-keys.js';
import { QuotaRemainders } from '../quotas/quota-remainders.js';
import { RestoreCounts } from '../quotas/restore-counts.js';
import { UsageDrain } from '../quotas/usage-drain.js';
import { SHARD_NUMBERS } from '../seats/pool-keys.js';
import type { SeatPool } from '../seats/seat-pool.js';
import { LoadPoolPolicy } from '../use-cases/load-pool-policy.js';
import type { Place } from '../use-cases/place.js';
import { writeLicense } from './licenses.js';
import { seatPoolOver } from './pools.js';
import { openShards } from './shards.js';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Counting as one process does it, on a connection of its own. */
export interface QuotaProcess {
  counter: QuotaCounter;
  pool: SeatPool;
  ledger: UsageLedger;
  restoreCounts: RestoreCounts;
  countUse: CountUse;
  remainders: QuotaRemainders;
  drain: UsageDrain;
  loadPolicy: LoadPoolPolicy;
  use(place: Place, use?: Partial<Use>, proof?: Partial<Proof>): Promise<MeterUsage>;
}

export type Meters = Record<string, Partial<MeterTerms> & { limit: number | null }>;

/** Licences and their meters over a database and a Redis of the test's own. */
export async function quotaWorld() {
  const [database, server] = await Promise.all([testDatabase(), testRedis()]);
  const app = await databaseApp(database, [License]);
  const admin: pg.Client = await superuser(database);
  const redis = new Redis(server.url);
  // Redis is ended in tests; what is asked in between is not kept.
  redis.on('error', () => undefined);
  await openShards(redis);
  const db = app.get(Db);
  // Months away from Redis's clock, which alone decides.
  const clock = new ManualClock();
  const licenses = new Licenses(db, clock);
  const opened: RedisClients[] = [];

  const started = (): QuotaProcess => {
    const clients = new RedisClients({ url: server.url } as RedisConfig);
    opened.push(clients);
    const counter = new QuotaCounter(clients);
    const pool = seatPoolOver(clients);
    const loadPolicy = new LoadPoolPolicy(licenses, pool, clock);
    const ledger = new UsageLedger(db);
    const restoreCounts = new RestoreCounts(counter, ledger);
    const countUse = new CountUse(
      counter,
      new MeteredLicenses(pool, loadPolicy),
      ledger,
      restoreCounts,
      clock,
    );
    return {
      ...{ counter, pool, ledger, restoreCounts, loadPolicy, countUse },
      remainders: new QuotaRemainders(counter, restoreCounts, clock),
      drain: new UsageDrain(
        clients,
        app.get(SystemDatabase),
        db,
        new ClosedTenants(app.get(SystemDatabase)),
        silent,
      ),
      use: (place, use, proof) =>
        countUse.execute(
          actorOf(place),
          place,
          { meter: 'commands', amount: 1, ...use },
          { seatId: null, byKeyAlone: false, ...proof },
        ),
    };
  };

  /** A licence with these meters, in a tenant of its own. */
  async function issued(meters: Meters, terms: TermsPatch = {}): Promise<Place> {
    const tenantId = newId('ten');
    const patch = { ...terms, meters: metersOf(meters) };
    const licenseId = await db.transaction(Actor.system(tenantId, 'trace'), () =>
      writeLicense(licenses, tenantId, patch, clock.now()),
    );
    return { tenantId, licenseId };
  }

  /** Redis hears of what Postgres says. */
  const reload = (place: Place) => first.loadPolicy.execute(Actor.system(place.tenantId, ''), place);

  /** The tenant chooses a time zone. */
  async function moveTo(place: Place, zone: string): Promise<void> {
    await admin.query(
      `insert into licensing.tenant_terms (tenant_id, time_zone, revision) values ($1, $2, 1)
       on conflict (tenant_id) do update set time_zone = excluded.time_zone, revision = tenant_terms.revision + 1`,
      [place.tenantId, zone],
    );
    await reload(place);
  }

  /** The licence gets these meters instead of those it had. */
  async function override(place: Place, meters: Meters): Promise<void> {
    const terms = { meters: metersOf(meters) };
    await admin.query('update licensing.licenses set revision = revision + 1, overrides = $2 where id = $1', [
      place.licenseId,
      JSON.stringify([{ terms, expiresAt: null, reason: 'test' }]),
    ]);
    await reload(place);
  }

  const first = started();
  return {
    ...{ admin, redis, server, started, issued, moveTo, override, reload, clock },
    process: first,
    /** Redis's clock, epoch ms. */
    now: async () => {
      const [seconds, micros] = await redis.time();
      return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    },
    /** Entries that have not reached the ledger. */
    waiting: async () =>
      (await Promise.all(SHARD_NUMBERS.map((shard) => redis.xlen(usageKey(shard))))).reduce((a, b) => a + b),
    /** What the ledger says of a licence, oldest window first. */
    ledgerOf: async ({ licenseId }: Place) => {
      const { rows } = await admin.query<{ meter: string; start: Date; amount: number }>(
        `select meter, window_start as start, sum(amount)::int as amount from licensing.usage_ledger
         where license_id = $1 group by 1, 2 order by 1, 2`,
        [licenseId],
      );
      return rows;
    },
    /** What billing is told of a licence, oldest first. */
    billedOf: async ({ licenseId }: Place) => {
      const { rows } = await admin.query<{ amount: number; idempotencyKey: string; at: string }>(
        `select (payload ->> 'amount')::int as amount, payload ->> 'idempotencyKey' as "idempotencyKey",
           payload ->> 'at' as at
         from platform.outbox where name = 'licensing.usage.billed' and payload ->> 'licenseId' = $1 order by id`,
        [licenseId],
      );
      return rows;
    },
    keysOf: async ({ licenseId }: Place) => {
      const { rows } = await admin.query<{ key: string }>(
        'select idempotency_key as key from licensing.usage_keys where license_id = $1 order by 1',
        [licenseId],
      );
      return rows.map((row) => row.key);
    },
    close: async () => {
      redis.disconnect();
      for (const clients of opened) clients.onApplicationShutdown();
      await admin.end();
      await app.close();
      await Promise.all([database.drop(), server.drop()]);
    },
  };
}
export type QuotaWorld = Awaited<ReturnType<typeof quotaWorld>>;

const metersOf = (meters: Meters) =>
  Object.fromEntries(
    Object.entries(meters).map(([name, terms]) => [
      name,
      { period: 'day' as const, billed: false, ...terms },
    ]),
  );

const actorOf = ({ tenantId }: Place) =>
  new Actor({ type: 'user', id: newId('usr'), tenantId, origin: { traceId: 'trace', address: '127.0.0.1' } });
