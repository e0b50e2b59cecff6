import type { INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import {
  Actor,
  Db,
  type Log,
  ManualClock,
  newId,
  RedisClients,
  type RedisConfig,
  SystemDatabase,
} from '#platform';
import { testDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { License } from '../domain/license.js';
import type { TermsPatch } from '../domain/terms.js';
import { Devices } from '../persistence/devices.js';
import { HeldSeats } from '../persistence/held-seats.js';
import { Licenses } from '../persistence/licenses.js';
import { SeatLedger } from '../persistence/seat-ledger.js';
import { SeatHistory } from '../persistence/seat-history.js';
import { LedgerDrain } from '../seats/ledger-drain.js';
import { SeatDesk } from '../seats/seat-desk.js';
import { SeatPool } from '../seats/seat-pool.js';
import { SeatRecorder } from '../seats/seat-recorder.js';
import { SeatScripts } from '../seats/seat-scripts.js';
import { SeatTimes } from '../seats/seat-times.js';
import { EndSeats } from '../use-cases/end-seats.js';
import { LoadPoolPolicy, type Place } from '../use-cases/load-pool-policy.js';
import { termsOf } from './policies.js';
import { openShards } from './shards.js';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Licences and their pools over a database and a Redis of the test's own. */
export interface DeskWorld {
  db: Db;
  clock: ManualClock;
  redis: Redis;
  server: TestRedis;
  clients: RedisClients;
  licenses: Licenses;
  devices: Devices;
  history: SeatHistory;
  recorder: SeatRecorder;
  pool: SeatPool;
  desk: SeatDesk;
  loadPolicy: LoadPoolPolicy;
  endSeats: EndSeats;
  app: INestApplicationContext;
  /** Somebody of a tenant, who may do whatever is said. */
  actor(tenantId?: string, scopes?: readonly string[]): Actor;
  /** A licence of the actor's tenant with these terms, its policy beside the pool. */
  issued(actor: Actor, terms?: TermsPatch, productId?: string | null): Promise<Place>;
  /** What the worker does with what the scripts have told. */
  drain(): Promise<unknown>;
  /** The names of what was announced in a tenant, oldest first. */
  announced(actor: Actor): Promise<string[]>;
  close(): Promise<void>;
}

export async function deskWorld(): Promise<DeskWorld> {
  const [database, server] = await Promise.all([testDatabase(), testRedis()]);
  const app = await databaseApp(database, [License]);
  const redis = new Redis(server.url);
  // Redis is ended in tests; what is asked in between is not kept.
  redis.on('error', () => undefined);
  await openShards(redis);
  const clients = new RedisClients({ url: server.url } as RedisConfig);
  const db = app.get(Db);
  const clock = new ManualClock();
  const licenses = new Licenses(db, clock);
  const scripts = new SeatScripts(clients);
  const pool = new SeatPool(clients, scripts);
  const desk = new SeatDesk(scripts);
  const history = new SeatHistory(db);
  const recorder = new SeatRecorder(db, new SeatLedger(db), new HeldSeats(db, app.get(SystemDatabase)));
  const drain = new LedgerDrain(scripts, app.get(SystemDatabase), recorder, pool, new SeatTimes(), silent);
  const loadPolicy = new LoadPoolPolicy(licenses, pool, clock);

  return {
    db,
    clock,
    redis,
    server,
    clients,
    licenses,
    devices: new Devices(db),
    history,
    recorder,
    pool,
    desk,
    loadPolicy,
    endSeats: new EndSeats(desk, history, recorder, licenses),
    app,
    actor: (tenantId = newId('ten'), scopes = []) =>
      new Actor({
        type: 'user',
        id: newId('usr'),
        tenantId,
        scopes,
        sessionId: newId('ses'),
        emailVerified: true,
        origin: { traceId: 'trace', address: '127.0.0.1' },
      }),
    issued: async (actor, terms = {}, productId = null) => {
      const tenantId = actor.tenantId!;
      const licenseId = await db.transaction(actor, async () => {
        const overrides = [{ terms, expiresAt: null, reason: 'test' }];
        const init = {
          tenantId,
          brand: 'GH',
          tier: 'FREE' as const,
          productId,
          terms: termsOf(terms),
          overrides,
          issuedTo: null,
        };
        const { license } = License.issue(init, (key) => Buffer.from(key), clock.now());
        await licenses.insert(license, Buffer.from(license.id));
        return license.id;
      });
      await loadPolicy.execute(actor, { tenantId, licenseId });
      return { tenantId, licenseId };
    },
    drain: () => drain.drain(),
    announced: async (actor) => {
      const rows = await db.read<{ name: string }>(
        actor,
        'select name from platform.outbox where tenant_id = $1 order by recorded_at, id',
        [actor.tenantId],
      );
      return rows.map((row) => row.name);
    },
    close: async () => {
      redis.disconnect();
      clients.onApplicationShutdown();
      await app.close();
      await Promise.all([database.drop(), server.drop()]);
    },
  };
}
