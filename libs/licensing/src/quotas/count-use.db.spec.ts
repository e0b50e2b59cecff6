import { randomUUID } from 'node:crypto';
import { eventually } from '../../../../test/support/eventually.js';
import { policyKey, poolKeys } from '../seats/pool-keys.js';
import { type QuotaProcess, type QuotaWorld, quotaWorld } from '../testing/quotas.js';
import type { Place } from '../use-cases/place.js';
import type { MeterUsage } from './meter-usage.js';
import type { UseWish } from './quota-counter.js';
import { recordKey } from './quota-keys.js';
import { windowAt } from './windows.js';

describe('counting use', () => {
  let world: QuotaWorld;
  let processes: QuotaProcess[];
  let one: QuotaProcess;

  beforeAll(async () => {
    world = await quotaWorld();
    one = world.process;
    processes = [one, ...Array.from({ length: 7 }, () => world.started())];
  });
  afterAll(() => world.close());

  const daily = (limit: number | null, more = {}) => world.issued({ commands: { limit, ...more } });
  const recordOf = ({ licenseId }: Place) => recordKey(licenseId, 'commands', 'day');
  /** The same use on every connection, again and again. */
  const parallel = (place: Place, count: number, use: (n: number) => object = () => ({})) =>
    Promise.allSettled(
      Array.from({ length: count }, (_, n) => processes[n % processes.length]!.use(place, use(n))),
    );
  const counted = (all: PromiseSettledResult<MeterUsage>[]) =>
    all.filter((result) => result.status === 'fulfilled').map((result) => result.value);

  it('lets exactly 10 of 50 through that ask at once on 8 connections', async () => {
    const place = await daily(10);
    const all = await parallel(place, 50);
    const used = counted(all).map((usage) => usage.used);
    expect(used.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const { end } = windowAt('day', 'UTC', await world.now());
    for (const refused of all.filter((result) => result.status === 'rejected')) {
      expect(refused.reason).toMatchObject({
        code: 'QUOTA_EXHAUSTED',
        status: 429,
        details: { meter: 'commands', limit: 10, used: 10, remaining: 0, resetsAt: new Date(end!) },
      });
    }
    expect(await world.redis.hget(recordOf(place), 'used')).toBe('10');
  });

  it('counts all of an amount or nothing', async () => {
    const place = await daily(10);
    expect(await one.use(place, { amount: 7 })).toMatchObject({ used: 7, remaining: 3 });
    await expect(one.use(place, { amount: 4 })).rejects.toMatchObject({ details: { used: 7, remaining: 3 } });
    expect(await one.use(place, { amount: 3 })).toMatchObject({ used: 10, remaining: 0 });
  });

  it('counts what is unlimited, too', async () => {
    const place = await daily(null);
    await one.use(place, { amount: 1_000_000_000 });
    expect(await one.use(place)).toMatchObject({ limit: null, used: 1_000_000_001, remaining: null });
  });

  it('keeps each meter, and each period of it, apart', async () => {
    const place = await world.issued({ commands: { limit: 1 }, tokens: { limit: 2, period: 'forever' } });
    expect(await one.use(place)).toMatchObject({ used: 1 });
    expect(await one.use(place, { meter: 'tokens', amount: 2 })).toMatchObject({ used: 2, resetsAt: null });
    await expect(one.use(place, { meter: 'tokens' })).rejects.toMatchObject({ retryAfterSeconds: 3_600 });
    await expect(one.use(place, { meter: 'toString' })).rejects.toMatchObject({
      code: 'METER_UNKNOWN',
      status: 422,
      details: { meters: ['commands', 'tokens'] },
    });
  });

  it('counts a key once, and gives the same answer to all that bear it', async () => {
    const place = await daily(10);
    const idempotencyKey = randomUUID();
    await one.use(place);
    const answers = counted(await parallel(place, 24, () => ({ idempotencyKey, amount: 2 })));
    expect(answers).toHaveLength(24);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await one.use(place)).toMatchObject({ used: 4 });
    expect(await one.use(place, { idempotencyKey, amount: 2 })).toEqual(answers[0]);
    const meters = { commands: { limit: 10 }, tokens: { limit: 10 } };
    await world.override(place, meters);
    for (const other of [{ amount: 3 }, { amount: 2, meter: 'tokens' }]) {
      const use = one.use(place, { idempotencyKey, ...other });
      await expect(use).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', status: 422 });
    }
  });

  it('does not keep a refusal: the same key counts once there is room', async () => {
    const place = await daily(1);
    const idempotencyKey = randomUUID();
    await one.use(place);
    await expect(one.use(place, { idempotencyKey })).rejects.toMatchObject({ code: 'QUOTA_EXHAUSTED' });
    await world.redis.hset(recordOf(place), 'used', 0);
    expect(await one.use(place, { idempotencyKey })).toMatchObject({ used: 1 });
  });

  it('keeps a key for a day and as long as its window, and a count an hour longer than that', async () => {
    const place = await daily(10);
    const idempotencyKey = randomUUID();
    await one.use(place, { idempotencyKey });
    const now = await world.now();
    const { end } = windowAt('day', 'UTC', now);
    const once = recordOf(place).replace('use:commands:day', `once:${idempotencyKey}`);
    const kept = await world.redis.pexpiretime(once);
    expect(kept).toBeGreaterThan(now + 86_400_000 - 60_000);
    expect(kept).toBeGreaterThanOrEqual(end!);
    expect(await world.redis.pexpiretime(recordOf(place))).toBe(end! + 3_600_000);
  });

  it('resets by its own clock within a second, and takes no window from a caller that it is not in', async () => {
    const place = await daily(2);
    await one.use(place);
    const { stamp = '' } = await world.redis.hgetall(policyKey(place.licenseId));
    await world.redis.del(recordOf(place));
    const wish: UseWish = {
      ...{ ...place, meter: 'commands', period: 'day', amount: 1, limit: 2, mode: 'ask', at: null },
      ...{ idempotencyKey: null, stamp, expires: 0, seatId: null },
      caller: { userId: null, traceId: 'trace', address: null },
    };
    const start = await world.now();
    const believed = (window: { start: number; end: number }) =>
      one.counter.use(wish, { zone: 'UTC', window, from: '', isKeyNew: false });
    const [today, tomorrow] = [
      { start, end: start + 700 },
      { start: start + 700, end: start + 60_000 },
    ];

    expect(await believed(tomorrow)).toMatchObject({ outcome: 'window' });
    expect(await believed(today)).toMatchObject({ outcome: 'counted', used: 1 });
    // Once a window is open it stays, whatever the caller takes for open.
    expect(await believed(tomorrow)).toMatchObject({ outcome: 'counted', used: 2, window: today });
    const refusal = await believed(today);
    expect(refusal).toMatchObject({ outcome: 'exhausted', used: 2 });
    const reset = await eventually(
      async () => {
        const answer = await believed(tomorrow);
        return answer.outcome === 'counted' && answer;
      },
      { everyMs: 5 },
    );
    expect(reset).toMatchObject({ used: 1, window: tomorrow });
    expect(reset.now).toBeGreaterThanOrEqual(tomorrow.start);
    expect(reset.now).toBeLessThan(tomorrow.start + 1_000);
    expect(await believed(today)).toMatchObject({ used: 2, window: tomorrow });
  });

  it('goes by a time zone from the moment it is chosen, and forgets nothing that was used', async () => {
    const place = await daily(10);
    await one.use(place, { amount: 8 });
    // Whichever is further from its midnight than UTC.
    await world.moveTo(place, 'Asia/Tokyo');
    const { end } = windowAt('day', 'Asia/Tokyo', await world.now());
    expect(await one.use(place)).toMatchObject({ used: 9, resetsAt: new Date(end!) });
    for (const zone of ['America/New_York', 'Europe/Berlin', 'UTC', 'Asia/Kathmandu']) {
      await world.moveTo(place, zone);
      await expect(one.use(place, { amount: 2 })).rejects.toMatchObject({ code: 'QUOTA_EXHAUSTED' });
    }
    expect(await one.use(place)).toMatchObject({ used: 10 });
    await expect(one.use(place)).rejects.toMatchObject({ code: 'QUOTA_EXHAUSTED' });
  });

  it('takes new terms at once, in processes that remember the old ones', async () => {
    const place = await daily(1);
    await Promise.allSettled(processes.map((process) => process.use(place)));
    await world.override(place, { commands: { limit: 20 } });
    for (const process of processes) await process.use(place);
    await world.admin.query(
      `update licensing.licenses set status = 'suspended', revision = revision + 1 where id = $1`,
      [place.licenseId],
    );
    await world.reload(place);
    for (const process of processes)
      await expect(process.use(place)).rejects.toMatchObject({ code: 'LICENSE_SUSPENDED' });
  });

  it('knows no licence of another tenant, not even one that this process remembers', async () => {
    const [ours, theirs] = [await daily(10), await daily(10)];
    await one.use(theirs);
    const foreign = { tenantId: ours.tenantId, licenseId: theirs.licenseId };
    await expect(one.use(foreign)).rejects.toMatchObject({ code: 'NOT_FOUND', status: 404 });
    expect(await world.redis.hget(recordOf(theirs), 'used')).toBe('1');
  });

  it('asks a program for its seat, and a key alone for the permission', async () => {
    const place = await daily(10);
    await one.use(place);
    const proof = { seatId: 'f'.repeat(32) };
    await expect(one.use(place, {}, proof)).rejects.toMatchObject({ code: 'SEAT_NOT_HELD', status: 409 });
    const [seats = ''] = poolKeys(place.licenseId);
    await world.redis.zadd(seats, (await world.now()) + 60_000, proof.seatId);
    expect(await one.use(place, {}, proof)).toMatchObject({ used: 2 });
    await world.redis.zadd(seats, (await world.now()) - 1, proof.seatId);
    await expect(one.use(place, {}, proof)).rejects.toMatchObject({ code: 'SEAT_NOT_HELD' });

    const closed = await world.issued({ commands: { limit: 10 } }, { keyActivation: false });
    const byKey = one.use(closed, {}, { byKeyAlone: true });
    await expect(byKey).rejects.toMatchObject({ code: 'KEY_ACTIVATION_NOT_ALLOWED' });
  });
});
