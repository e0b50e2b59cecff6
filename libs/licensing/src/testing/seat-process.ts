import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Actor,
  ConfigModule,
  CryptoModule,
  DatabaseConfig,
  Db,
  DbModule,
  generateSecrets,
  loadConfig,
  type Log,
  newId,
  ProcessModule,
  readEnvironment,
  RedisConfig,
  RedisModule,
  SecretsConfig,
  SystemDatabase,
} from '#platform';
import { LicensingConfig } from '../licensing.config.js';
import { LICENSING_ENTITIES, LicensingModule } from '../licensing.module.js';
import type { TermsPatch } from '../domain/terms.js';
import { HeldSeats } from '../persistence/held-seats.js';
import { Licenses } from '../persistence/licenses.js';
import { LedgerDrain } from '../seats/ledger-drain.js';
import { SeatPool } from '../seats/seat-pool.js';
import { SeatRecorder } from '../seats/seat-recorder.js';
import { SeatScripts } from '../seats/seat-scripts.js';
import { SeatTimes } from '../seats/seat-times.js';
import { newSeatId, type SeatGrant } from '../seats/session-id.js';
import { ShardRecovery } from '../seats/shard-recovery.js';
import { GiveBackSeat } from '../use-cases/give-back-seat.js';
import { KeepSeat } from '../use-cases/keep-seat.js';
import { LoadPoolPolicy } from '../use-cases/load-pool-policy.js';
import type { Place } from '../use-cases/place.js';
import { TakeSeat } from '../use-cases/take-seat.js';
import { writeLicense } from './licenses.js';

const CONCERNS = [DatabaseConfig, RedisConfig, SecretsConfig, LicensingConfig];
const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface SeatParts {
  database: { url: string; systemUrl: string };
  redisUrl: string;
  times?: Partial<Record<keyof SeatTimes, unknown>>;
  /** More of the product's. */
  settings?: Record<string, string>;
}

/** The seats of a process as the API has them, without HTTP: real Postgres, real Redis, less patience. */
export class SeatProcess {
  private constructor(private readonly app: INestApplicationContext) {}

  static async open({
    database,
    redisUrl,
    times = {},
    settings: more = {},
  }: SeatParts): Promise<SeatProcess> {
    const settings = loadConfig(
      CONCERNS,
      readEnvironment({
        ENV: 'test',
        DATABASE_URL: database.url,
        DATABASE_SYSTEM_URL: database.systemUrl,
        REDIS_URL: redisUrl,
        ...generateSecrets(),
        ...more,
      }),
    );

    @Module({
      imports: [
        ProcessModule.forRoot(SILENT),
        ConfigModule.forRoot(settings),
        DbModule.forRoot([...LICENSING_ENTITIES]),
        RedisModule,
        CryptoModule,
        LicensingModule,
      ],
    })
    class SeatsAlone {}

    const app = await NestFactory.createApplicationContext(SeatsAlone, {
      logger: ['error', 'warn'],
      abortOnError: false,
    });
    Object.assign(app.get(SeatTimes), times);
    return new SeatProcess(app);
  }

  close(): Promise<void> {
    return this.app.close();
  }

  get pool(): SeatPool {
    return this.app.get(SeatPool);
  }

  /** What a worker does about the same Redis and Postgres, turn by turn; it knows of no generation yet. */
  worker(): { watch: ShardRecovery; drain: LedgerDrain } {
    const get = this.app.get.bind(this.app);
    const times = get(SeatTimes);
    const scripts = new SeatScripts({ for: () => get(SeatScripts).redis } as never);
    const pool = new SeatPool(scripts, times);
    return {
      watch: new ShardRecovery(scripts, get(SystemDatabase), get(Db), get(HeldSeats), times, SILENT),
      drain: new LedgerDrain(scripts, get(SystemDatabase), get(SeatRecorder), pool, times, SILENT),
    };
  }

  /** A licence in Postgres, with these terms as its own. */
  async license(terms: TermsPatch, tenantId = newId('ten')): Promise<Place> {
    const licenseId = await this.app
      .get(Db)
      .transaction(Actor.system(tenantId, ''), () =>
        writeLicense(this.app.get(Licenses), tenantId, terms, new Date()),
      );
    return { tenantId, licenseId };
  }

  /** Reads the licence from Postgres again, as the worker does after it has changed. */
  async refresh(place: Place): Promise<void> {
    await this.app.get(LoadPoolPolicy).execute(Actor.system(place.tenantId, ''), place);
  }

  /** The seat, with its grant. Throws as {@link TakeSeat} does. */
  async take(place: Place, device: string, userId: string | null = null) {
    const wish: SeatGrant = { ...place, device, seatId: newSeatId() };
    const taken = await this.app.get(TakeSeat).execute(actorOf(place, userId), wish, userId === null);
    if ('blocked' in taken) throw new Error(`The licence is blocked: ${taken.blocked}.`);
    return { ...taken, grant: { ...wish, seatId: taken.held.seatId } };
  }

  keep(grant: SeatGrant) {
    return this.app.get(KeepSeat).execute(actorOf(grant, null), grant);
  }

  giveBack(grant: SeatGrant): Promise<boolean> {
    return this.app.get(GiveBackSeat).execute(actorOf(grant, null), grant);
  }

  /** Another provider of the room. */
  get<T>(type: abstract new (...args: never[]) => T): T {
    return this.app.get<T>(type as never);
  }
}

function actorOf({ tenantId }: Place, userId: string | null): Actor {
  const origin = { traceId: '', address: null };
  return new Actor({ type: userId ? 'user' : 'anonymous', id: userId, tenantId, origin });
}
