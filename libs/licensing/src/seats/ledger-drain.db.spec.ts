import type { INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { Db, type Log, type RedisConfig, RedisClients, SystemDatabase } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { superuser } from '../../../../test/support/tables.js';
import { SeatLedger } from '../persistence/seat-ledger.js';
import { HeldSeats } from '../persistence/held-seats.js';
import { aPolicy } from '../testing/policies.js';
import { aDevice } from '../testing/seat-bench.js';
import { openShards } from '../testing/shards.js';
import { SeatRecorder } from './seat-recorder.js';
import { SeatScripts } from './seat-scripts.js';
import { SeatTimes } from './seat-times.js';
import { LedgerDrain } from './ledger-drain.js';
import { goneKey, ledgerKey, policyKey, SHARD_NUMBERS, shardOf } from './pool-keys.js';
import type { PoolPolicy } from './pool-policy.js';
import { SeatPool } from './seat-pool.js';
import { newSeatId, type SeatGrant } from './session-id.js';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const CALLER = { userId: null, traceId: 'trace', address: '127.0.0.1' };

describe('the drain of the seat ledger', () => {
  let database: TestDatabase;
  let server: TestRedis;
  let redis: Redis;
  let clients: RedisClients;
  let admin: pg.Client;
  let app: INestApplicationContext;
  let pool: SeatPool;
  let drain: LedgerDrain;
  let other: LedgerDrain;

  beforeAll(async () => {
    [database, server] = await Promise.all([testDatabase(), testRedis()]);
    redis = new Redis(server.url);
    await openShards(redis);
    admin = await superuser(database);
    app = await databaseApp(database);
    clients = new RedisClients({ url: server.url } as RedisConfig);
    const [scripts, times] = [new SeatScripts(clients), new SeatTimes()];
    pool = new SeatPool(scripts, times);
    const made = () => {
      const db = app.get(Db);
      const ledger = new SeatLedger(db);
      const recorder = new SeatRecorder(db, ledger, new HeldSeats(db, app.get(SystemDatabase)));
      return new LedgerDrain(scripts, app.get(SystemDatabase), recorder, pool, times, silent);
    };
    [drain, other] = [made(), made()];
  });
  afterAll(async () => {
    redis.disconnect();
    clients.onApplicationShutdown();
    await admin.end();
    await app.close();
    await Promise.all([database.drop(), server.drop()]);
  });

  async function opened(ttlMs = 60_000): Promise<PoolPolicy> {
    const policy = aPolicy({}, { seats: null });
    await pool.setPolicy(policy);
    await redis.hset(policyKey(policy.licenseId), 'ttl', ttlMs);
    return policy;
  }

  async function acquire({ tenantId, licenseId }: PoolPolicy): Promise<SeatGrant> {
    const grant = { tenantId, licenseId, device: aDevice(), seatId: newSeatId() };
    expect((await pool.acquire(grant, false, CALLER)).outcome).toBe('held');
    return grant;
  }

  const ledgerOf = async ({ tenantId }: PoolPolicy) => {
    const { rows } = await admin.query<{ line: string }>(
      `select change || ' ' || seat_id as line from licensing.seat_ledger where tenant_id = $1 order by at, ledger_id`,
      [tenantId],
    );
    return rows.map((row) => row.line);
  };
  /** What the bus was told, in the same words. */
  const announced = async ({ tenantId }: PoolPolicy) => {
    const { rows } = await admin.query<{ line: string }>(
      `select (e ->> 'change') || ' ' || (e ->> 'seatId') as line
       from platform.outbox o, jsonb_array_elements(o.payload -> 'entries') e where o.tenant_id = $1 and o.name = 'licensing.seats.recorded'`,
      [tenantId],
    );
    return rows.map((row) => row.line);
  };
  const waiting = async () =>
    (await Promise.all(SHARD_NUMBERS.map((shard) => redis.xlen(ledgerKey(shard))))).reduce((a, b) => a + b);

  it('moves every entry of every tenant, oldest first, and tells the bus of each once', async () => {
    const [ours, theirs] = [await opened(), await opened()];
    const a = await acquire(ours);
    const b = await acquire(theirs);
    await pool.release(a, false, CALLER);
    const c = await acquire(ours);
    expect(await drain.drain()).toBe(4);
    expect(await ledgerOf(ours)).toEqual([
      `acquired ${a.seatId}`,
      `released ${a.seatId}`,
      `acquired ${c.seatId}`,
    ]);
    expect(await ledgerOf(theirs)).toEqual([`acquired ${b.seatId}`]);
    expect(await announced(ours)).toEqual(await ledgerOf(ours));
    expect(await waiting()).toBe(0);
    expect(await drain.drain()).toBe(0);
  });

  it('moves each entry once when two drain at the same time', async () => {
    const pools = await Promise.all(Array.from({ length: 20 }, () => opened()));
    const grants = await Promise.all(
      pools.flatMap((policy) => Array.from({ length: 40 }, () => acquire(policy))),
    );
    while ((await waiting()) > 0) await Promise.all([drain.drain(), other.drain(), drain.drain()]);
    for (const policy of pools) {
      const wanted = grants
        .filter((one) => one.tenantId === policy.tenantId)
        .map((one) => `acquired ${one.seatId}`)
        .sort();
      expect((await ledgerOf(policy)).sort()).toEqual(wanted);
      expect((await announced(policy)).sort()).toEqual(wanted);
    }
  });

  it('goes on where one ended between its commit and its forgetting: nothing is written or told twice', async () => {
    const policy = await opened();
    const grant = await acquire(policy);
    await pool.release(grant, false, CALLER);
    const stream = (
      await Promise.all(
        SHARD_NUMBERS.map(
          async (shard) => [ledgerKey(shard), await redis.xrange(ledgerKey(shard), '-', '+')] as const,
        ),
      )
    ).find(([, entries]) => entries.length > 0)!;
    await drain.drain();
    // As if Redis had not heard that they may go.
    await redis.del(stream[0]);
    for (const [id, fields] of stream[1]) await redis.xadd(stream[0], id, ...fields);
    expect(await other.drain()).toBe(2);
    expect(await ledgerOf(policy)).toEqual([`acquired ${grant.seatId}`, `released ${grant.seatId}`]);
    expect(await announced(policy)).toHaveLength(2);
    expect(await waiting()).toBe(0);
  });

  it('keeps the mark of a release in Redis until the ledger has it, and for who asked before a minute longer', async () => {
    const policy = await opened();
    const grant = await acquire(policy);
    await pool.release(grant, false, CALLER);
    const mark = () => redis.zscore(goneKey(shardOf(policy.licenseId)), grant.seatId);
    const ledger = new SeatLedger(app.get(Db));
    const actor = { tenantId: policy.tenantId } as never;
    const history = async () => (await ledger.pastOf(actor, policy.licenseId, grant.seatId)).history;
    expect([await mark(), await history()]).toEqual(['inf', 'open']);
    const [before = 0] = (await redis.time()).map(Number);
    await drain.drain();
    expect(await history()).toBe('released');
    expect(Number(await mark())).toBeGreaterThanOrEqual((before + 60) * 1_000);
    await redis.zadd(goneKey(shardOf(policy.licenseId)), 1, grant.seatId);
    await drain.sweep();
    expect(await mark()).toBeNull();
  });

  it('leaves what Postgres did not take where it is', async () => {
    const policy = await opened();
    const grant = await acquire(policy);
    await admin.query('alter table licensing.seat_ledger rename to away');
    await expect(drain.drain()).rejects.toThrow('seat_ledger');
    await admin.query('alter table licensing.away rename to seat_ledger');
    expect(await waiting()).toBe(1);
    await drain.drain();
    expect(await ledgerOf(policy)).toEqual([`acquired ${grant.seatId}`]);
    expect(await announced(policy)).toHaveLength(1);
  });

  it('moves more than a batch, in as many events as its size asks for', async () => {
    const policy = await opened();
    await Promise.all(Array.from({ length: 1_100 }, () => acquire(policy)));
    while ((await drain.drain()) > 0);
    expect(await ledgerOf(policy)).toHaveLength(1_100);
    const { rows } = await admin.query('select from platform.outbox where tenant_id = $1', [policy.tenantId]);
    expect(rows).toHaveLength(3);
  });

  it('tells of lapses in pools that nobody touches', async () => {
    const policy = await opened(1);
    const grant = await acquire(policy);
    while (
      (await redis.zscore((await redis.keys(`*${policy.licenseId}:expiries`))[0] ?? '', grant.seatId)) !==
      null
    )
      await drain.sweep();
    await drain.drain();
    expect(await ledgerOf(policy)).toEqual([`acquired ${grant.seatId}`, `lapsed ${grant.seatId}`]);
  });
});
