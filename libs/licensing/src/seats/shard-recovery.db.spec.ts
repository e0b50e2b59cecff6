import { Redis } from 'ioredis';
import type pg from 'pg';
import { eventually } from '../../../../test/support/eventually.js';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { superuser } from '../../../../test/support/tables.js';
import { aDevice } from '../testing/seat-bench.js';
import { SeatProcess } from '../testing/seat-process.js';
import type { Place } from '../use-cases/place.js';
import { generationKey, ledgerKey, policyKey, recoveryKey, SHARD_NUMBERS, shardOf } from './pool-keys.js';

const TIMES = { ttl: 4_000, returnsAfter: 300, check: 100 };
const UNAVAILABLE = { status: 503, code: 'SEATS_UNAVAILABLE' };

describe('a Redis that has lost the seats', () => {
  let database: TestDatabase;
  let server: TestRedis;
  let redis: Redis;
  let admin: pg.Client;
  let process: SeatProcess;
  let worker: ReturnType<SeatProcess['worker']>;

  beforeAll(async () => {
    [database, server] = await Promise.all([testDatabase(), testRedis()]);
    redis = new Redis(server.url);
    admin = await superuser(database);
    process = await SeatProcess.open({ database, redisUrl: server.url, times: TIMES });
    worker = process.worker();
    await worker.watch.turn();
  });
  afterAll(async () => {
    redis?.disconnect();
    await admin?.end();
    await process?.close();
    await Promise.all([database?.drop(), server?.drop()]);
  });

  const drained = async () => {
    while ((await worker.drain.drain()) > 0);
  };
  const refusedNow = (asked: Promise<unknown>) => expect(asked).rejects.toMatchObject(UNAVAILABLE);
  const isHeld = async (grant: Parameters<SeatProcess['keep']>[0]) => 'held' in (await process.keep(grant));
  /** Held seats are back, which the watch puts there. */
  const back = () =>
    eventually(
      async () => {
        await worker.watch.turn();
        const { rows } = await admin.query('select from licensing.seat_shards where not restored');
        return rows.length === 0;
      },
      { everyMs: 20 },
    );
  const gapsOf = async ({ tenantId }: Place) => {
    const { rows } = await admin.query<{ payload: { generation: number } }>(
      `select payload from platform.outbox where tenant_id = $1 and name = 'licensing.seats.forgotten'`,
      [tenantId],
    );
    return rows.map((row) => row.payload);
  };
  /** What the test before did is over. */
  beforeEach(async () => {
    await back();
    for (const shard of SHARD_NUMBERS) await redis.del(recoveryKey(shard));
    await drained();
  });

  const generations = () =>
    Promise.all(SHARD_NUMBERS.map((shard) => redis.get(generationKey(shard)).then(Number)));

  it('is no loss when nothing was there before', async () => {
    expect(new Set(await generations())).toEqual(new Set([1]));
    const place = await process.license({ seats: 1 });
    expect((await process.take(place, aDevice())).held).toMatchObject({ used: 1, max: 1 });
    await worker.watch.turn();
    expect(new Set(await generations())).toEqual(new Set([1]));
  });

  it('tells nobody anything until a worker has noticed; then holders return and newcomers wait one TTL', async () => {
    const place = await process.license({ seats: 2 });
    const [kept, undrained] = [await process.take(place, aDevice()), await process.take(place, aDevice())];
    const unlimited = await process.license({ seats: null });
    await drained();
    await redis.flushall();
    const noticed = performance.now();
    await refusedNow(process.keep(kept.grant));
    await refusedNow(process.take(place, aDevice()));
    await worker.watch.turn();
    await refusedNow(process.take(place, aDevice()));
    // Nobody can be over a limit that is none.
    expect((await process.take(unlimited, aDevice())).held.max).toBeNull();

    await back();
    expect(await isHeld(kept.grant)).toBe(true);
    expect(await isHeld(undrained.grant)).toBe(true);
    await refusedNow(process.take(place, aDevice()));
    // The one that does not beat lapses; its place is the newcomer's, one TTL after the loss and not before.
    const late = await eventually(
      async () => {
        await process.keep(kept.grant);
        return process.take(place, aDevice());
      },
      { everyMs: 50 },
    );
    expect(performance.now() - noticed).toBeGreaterThanOrEqual(TIMES.ttl);
    expect(late.held).toMatchObject({ used: 2, max: 2 });
    expect(await gapsOf(place)).toEqual([
      expect.objectContaining({ generation: 2, shard: shardOf(place.licenseId) }),
    ]);
  });

  it('gives nothing back that was released, though the entry of the release was lost with it', async () => {
    const place = await process.license({ seats: 1 });
    const { grant } = await process.take(place, aDevice());
    await drained();
    expect(await process.giveBack(grant)).toBe(true);
    await redis.flushall();
    await worker.watch.turn();
    await back();
    expect(await process.keep(grant)).toEqual({ gone: true });
    const { rows } = await admin.query(
      `select from licensing.seat_ledger where seat_id = $1 and change = 'released'`,
      [grant.seatId],
    );
    expect(rows).toHaveLength(1);
    await drained();
  });

  it('gives a place back to the last who was told, not to the one who lapsed before', async () => {
    const place = await process.license({ seats: 1 });
    const lapsed = await process.take(place, aDevice());
    await redis.zadd(policyKey(place.licenseId).replace(/policy$/, 'expiries'), 1, lapsed.grant.seatId);
    const next = await eventually(() => process.take(place, aDevice()), { everyMs: 50 });
    // Nothing of it has been drained.
    expect(await redis.xlen(ledgerKey(shardOf(place.licenseId)))).toBeGreaterThan(2);
    await redis.flushall();
    await worker.watch.turn();
    await back();
    await refusedNow(process.keep(lapsed.grant));
    expect(await isHeld(next.grant)).toBe(true);
    await expect(process.keep(lapsed.grant)).rejects.toMatchObject({ status: 503 });
  });

  it('tells nobody of a place that somebody lost while Postgres cannot be told of the loss', async () => {
    const place = await process.license({ seats: 1 });
    const lapsed = await process.take(place, aDevice());
    await redis.hset(policyKey(place.licenseId), 'ttl', 60);
    await redis.zadd(policyKey(place.licenseId).replace(/policy$/, 'expiries'), 1, lapsed.grant.seatId);
    await admin.query('alter table licensing.seat_ledger rename to away');
    await refusedNow(process.take(place, aDevice()));
    await admin.query('alter table licensing.away rename to seat_ledger');
    expect((await process.take(place, aDevice())).held).toMatchObject({ used: 1, max: 1 });
  });

  it('is noticed also when an old backup was put in its place', async () => {
    const place = await process.license({ seats: 1 });
    const { grant } = await process.take(place, aDevice());
    const shard = shardOf(place.licenseId);
    const now = Number(await redis.get(generationKey(shard)));
    await drained();
    await process.giveBack(grant);
    // As it was before the release, under the generation before.
    await redis.set(generationKey(shard), now - 1);
    const pool = policyKey(place.licenseId).replace(/policy$/, '');
    await redis.zadd(`${pool}expiries`, Date.now() + 60_000, grant.seatId);
    await redis.zrem(`seats:{s${shard}}:gone`, grant.seatId);
    await refusedNow(process.keep(grant));
    await worker.watch.turn();
    await back();
    expect(await process.keep(grant)).toEqual({ gone: true });
    expect(Number(await redis.get(generationKey(shard)))).toBe(now + 1);
  });

  describe('and seats that outlive an hour', () => {
    const rowOf = async (seatId: string) => {
      const { rows } = await admin.query<{ expires_at: Date | null }>(
        'select expires_at from licensing.held_seats where seat_id = $1',
        [seatId],
      );
      return rows[0]?.expires_at ?? null;
    };

    it('holds them again until what was told, in Postgres before anybody heard of it', async () => {
      const place = await process.license({ seats: 1, heartbeatMode: 'instance' });
      const { grant, held } = await process.take(place, aDevice());
      expect(held).toMatchObject({ heartbeatIntervalSeconds: 300 });
      expect(held.expiresAt.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000);
      expect(await rowOf(grant.seatId)).toEqual(held.expiresAt);
      await redis.flushall();
      await worker.watch.turn();
      await back();
      expect(await process.keep(grant)).toMatchObject({ held: { expiresAt: held.expiresAt } });
    });

    it('writes Postgres at most once an hour for each', async () => {
      const place = await process.license({ seats: 1, heartbeatMode: 'relaxed' });
      const { grant, held } = await process.take(place, aDevice());
      const before = await rowOf(grant.seatId);
      for (let i = 0; i < 5; i++) {
        expect(await process.keep(grant)).toMatchObject({ held: { expiresAt: held.expiresAt } });
      }
      expect(await rowOf(grant.seatId)).toEqual(before);
      const pool = policyKey(place.licenseId).replace(/policy$/, '');
      await redis.zadd(`${pool}expiries`, held.expiresAt.getTime() - 3_700_000, grant.seatId);
      const moved = await process.keep(grant);
      expect(moved).toMatchObject({ held: { coming: expect.any(Date) } });
      expect(await rowOf(grant.seatId)).toEqual((moved as { held: { expiresAt: Date } }).held.expiresAt);
    });

    it('takes one back that Postgres does not take, and leaves the place free', async () => {
      const place = await process.license({ seats: 1, heartbeatMode: 'relaxed' });
      await process.refresh(place);
      await admin.query('alter table licensing.held_seats rename to away');
      await refusedNow(process.take(place, aDevice()));
      await admin.query('alter table licensing.away rename to held_seats');
      expect((await process.take(place, aDevice())).held).toMatchObject({ used: 1, max: 1 });
    });

    it('forgets them in Postgres when they end', async () => {
      const place = await process.license({ seats: 1, heartbeatMode: 'relaxed' });
      const { grant } = await process.take(place, aDevice());
      await process.giveBack(grant);
      await drained();
      const { rows } = await admin.query('select from licensing.held_seats where seat_id = $1', [
        grant.seatId,
      ]);
      expect(rows).toEqual([]);
    });
  });
});
