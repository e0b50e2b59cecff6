import { randomUUID } from 'node:crypto';
import { openShards } from '../testing/shards.js';
import { generationKey, SHARDS, shardOf } from '../seats/pool-keys.js';
import { type QuotaWorld, quotaWorld } from '../testing/quotas.js';
import { countersKey, recordKey, usageKey } from './quota-keys.js';
import { windowAt } from './windows.js';

describe('counts after Redis was emptied', () => {
  let world: QuotaWorld;

  beforeAll(async () => void (world = await quotaWorld()));
  afterAll(() => world.close());

  /** What Redis has lost, and only that. */
  const empty = () => world.redis.flushall();

  it('go on where the ledger is, and so do the keys', async () => {
    const place = await world.issued({ commands: { limit: 10 }, tokens: { limit: 10, period: 'forever' } });
    const idempotencyKey = randomUUID();
    const answer = await world.process.use(place, { amount: 3, idempotencyKey });
    await world.process.use(place, { amount: 4 });
    await world.process.use(place, { meter: 'tokens', amount: 9 });
    await world.process.drain.drain();
    await empty();

    expect(await world.process.use(place, { amount: 3, idempotencyKey })).toEqual(answer);
    await expect(world.process.use(place, { amount: 4, idempotencyKey })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await expect(world.process.use(place, { amount: 4 })).rejects.toMatchObject({ details: { used: 7 } });
    expect(await world.process.use(place, { amount: 3 })).toMatchObject({ used: 10, remaining: 0 });
    expect(await world.process.use(place, { meter: 'tokens' })).toMatchObject({ used: 10 });
    await expect(world.process.use(place, { meter: 'tokens' })).rejects.toMatchObject({ status: 429 });
  });

  it('grant no more than what had not reached the ledger, under load, however often it happens', async () => {
    const LIMIT = 300;
    const place = await world.issued({ commands: { limit: LIMIT } });
    const processes = Array.from({ length: 8 }, () => world.started());
    const stream = usageKey(shardOf(place.licenseId));
    let granted = 0;
    let lost = 0;
    let refusedInARow = 0;
    const client = async (process: (typeof processes)[number]) => {
      while (refusedInARow < 40) {
        const usage = await process.use(place).catch((refusal: { code: string }) => {
          expect(refusal.code).toBe('QUOTA_EXHAUSTED');
          return null;
        });
        refusedInARow = usage ? 0 : refusedInARow + 1;
        granted += usage ? 1 : 0;
      }
    };
    const draining = async () => {
      while (refusedInARow < 40) await world.process.drain.drain();
    };
    const flushing = async () => {
      for (const mark of [60, 140, 220]) {
        while (granted - lost < mark && refusedInARow < 40) await new Promise(setImmediate);
        // What is in the stream at the very moment it goes.
        const both = await world.redis.multi().xlen(stream).flushall().exec();
        lost += Number(both?.[0]?.[1]);
      }
    };
    await Promise.all([...processes.map(client), draining(), flushing()]);
    while ((await world.waiting()) > 0) await world.process.drain.drain();

    expect(granted).toBeGreaterThanOrEqual(LIMIT);
    expect(granted).toBeLessThanOrEqual(LIMIT + lost);
    const [day] = await world.ledgerOf(place);
    // What was lost may have reached the ledger after all, when it was being written just then.
    expect(day!.amount).toBeGreaterThanOrEqual(granted - lost);
    expect(day!.amount).toBeLessThanOrEqual(granted);
  });

  it('are not set to what was read for counters that are gone as well', async () => {
    const place = await world.issued({ commands: { limit: 10 } });
    const meter = { licenseId: place.licenseId, meter: 'commands', period: 'day' as const };
    await world.process.use(place, { amount: 2 });
    const old = (await world.process.counter.read(place.licenseId, [meter])).counters;
    await world.process.drain.drain();
    await empty();
    const window = windowAt('day', 'UTC', await world.now());
    // One winner: who read the ledger before the counters had this name is not listened to, nor is the second.
    await world.process.counter.restore(meter, old, { window, zone: 'UTC', used: 0 });
    const { counters, records } = await world.process.counter.read(place.licenseId, [meter]);
    expect(records).toEqual([null]);
    await world.process.counter.restore(meter, counters, { window, zone: 'UTC', used: 2 });
    await world.process.counter.restore(meter, counters, { window, zone: 'UTC', used: 1 });
    expect(await world.process.use(place)).toMatchObject({ used: 3 });
  });

  it('are compared with the ledger when the shard came out of a backup', async () => {
    const place = await world.issued({ commands: { limit: 10 } });
    const record = recordKey(place.licenseId, 'commands', 'day');
    await world.process.use(place, { amount: 2 });
    await world.process.drain.drain();
    const backup = await world.redis.dumpBuffer(record);
    await world.process.use(place, { amount: 5 });
    await world.process.drain.drain();
    await world.redis.restore(record, 0, backup, 'REPLACE');
    await world.redis.set(generationKey(shardOf(place.licenseId)), 7);
    expect(await world.process.use(place)).toMatchObject({ used: 8 });
    // And one that knows more than the ledger keeps what it knows.
    await world.redis.set(generationKey(shardOf(place.licenseId)), 8);
    expect(await world.process.use(place)).toMatchObject({ used: 9 });
    await openShards(world.redis);
  });

  it('ask the ledger once for a window that began before they did, and never for one that began later', async () => {
    const place = await world.issued({ commands: { limit: null, period: 'hour' }, tokens: { limit: null } });
    await world.process.use(place, { meter: 'tokens' });
    // The ledger is away; what is warm does not notice.
    await world.admin.query('alter table licensing.usage_ledger rename to away');
    try {
      await world.process.use(place, { meter: 'tokens' });
      await expect(world.process.use(place)).rejects.toThrow('usage_ledger');
      for (let shard = 0; shard < SHARDS; shard++)
        if (await world.redis.exists(countersKey(shard)))
          await world.redis.hset(countersKey(shard), 'since', 1);
      expect(await world.process.use(place)).toMatchObject({ used: 1 });
    } finally {
      await world.admin.query('alter table licensing.away rename to usage_ledger');
    }
  });

  it('ask the ledger for keys of before, and not at all where it has none', async () => {
    const place = await world.issued({ commands: { limit: null } });
    await world.process.use(place, { idempotencyKey: randomUUID() });
    await world.admin.query('alter table licensing.usage_keys rename to away');
    try {
      for (let n = 0; n < 3; n++)
        expect(await world.process.use(place, { idempotencyKey: randomUUID() })).toMatchObject({
          used: n + 2,
        });
    } finally {
      await world.admin.query('alter table licensing.away rename to usage_keys');
    }
    await world.process.drain.drain();
    expect(await world.keysOf(place)).toHaveLength(4);
  });

  it('are a 503 while Redis is away, for processes that were asked before and for new ones', async () => {
    const place = await world.issued({ commands: { limit: 10 } });
    await world.process.use(place);
    await world.server.kill();
    for (const process of [world.process, world.started()])
      await expect(process.use(place)).rejects.toMatchObject({
        ...{ code: 'QUOTAS_UNAVAILABLE', status: 503, retryAfterSeconds: 5 },
      });
    await world.server.start();
  });
});
