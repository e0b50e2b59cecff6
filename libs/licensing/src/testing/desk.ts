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
import { testRedis } from '../../../../test/support/redis.js';
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
import { LoadPoolPolicy } from '../use-cases/load-pool-policy.js';
import type { Place } from '../use-cases/place.js';
import { writeLicense } from './licenses.js';
import { openShards } from './shards.js';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Licences and their pools over a database and a Redis of the test's own. */
export async function deskWorld() {
  const [database, server] = await Promise.all([testDatabase(), testRedis()]);
  const app = await databaseApp(database, [License]);
  const redis = new Redis(server.url);
  await openShards(redis);
  const clients = new RedisClients({ url: server.url } as RedisConfig);
  const db = app.get(Db);
  const clock = new ManualClock();
  const licenses = new Licenses(db, clock);
  const scripts = new SeatScripts(clients);
  const times = new SeatTimes();
  const pool = new SeatPool(scripts, times);
  const desk = new SeatDesk(scripts);
  const history = new SeatHistory(db);
  const recorder = new SeatRecorder(db, new SeatLedger(db), new HeldSeats(db, app.get(SystemDatabase)));
  const drain = new LedgerDrain(scripts, app.get(SystemDatabase), recorder, pool, times, silent);
  const loadPolicy = new LoadPoolPolicy(licenses, pool, clock);

  return {
    ...{ db, clock, redis, licenses, recorder, pool, desk, loadPolicy },
    devices: new Devices(db),
    endSeats: new EndSeats(desk, history, recorder, licenses),
    /** Somebody of a tenant, who may do whatever is said. */
    actor: (tenantId = newId('ten'), scopes: readonly string[] = []) =>
      new Actor({
        type: 'user',
        id: newId('usr'),
        tenantId,
        scopes,
        sessionId: newId('ses'),
        emailVerified: true,
        origin: { traceId: 'trace', address: '127.0.0.1' },
      }),
    /** A licence of the actor's tenant with these terms, its policy beside the pool. */
    issued: async (actor: Actor, terms: TermsPatch = {}, productId: string | null = null): Promise<Place> => {
      const tenantId = actor.tenantId!;
      const licenseId = await db.transaction(actor, () =>
        writeLicense(licenses, tenantId, terms, clock.now(), productId),
      );
      await loadPolicy.execute(actor, { tenantId, licenseId });
      return { tenantId, licenseId };
    },
    /** What the worker does with what the scripts have told. */
    drain: () => drain.drain(),
    /** The names of what was announced in a tenant, oldest first. */
    announced: async (actor: Actor) => {
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
export type DeskWorld = Awaited<ReturnType<typeof deskWorld>>;
