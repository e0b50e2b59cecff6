import { randomUUID } from 'node:crypto';
import { shardOf } from '../seats/pool-keys.js';
import { type QuotaProcess, type QuotaWorld, quotaWorld } from '../testing/quotas.js';
import type { Place } from '../use-cases/place.js';
import { refusalsKey, usageKey } from './quota-keys.js';

describe('the drain of the usage ledger', () => {
  let world: QuotaWorld;
  let one: QuotaProcess;
  let other: QuotaProcess;

  beforeAll(async () => {
    world = await quotaWorld();
    one = world.process;
    other = world.started();
  });
  afterAll(() => world.close());

  const unlimited = () => world.issued({ commands: { limit: null } });
  const sum = async (place: Place) => (await world.ledgerOf(place)).map((row) => row.amount);
  const rows = async ({ licenseId }: Place) => {
    const { rowCount } = await world.admin.query('select from licensing.usage_ledger where license_id = $1', [
      licenseId,
    ]);
    return rowCount;
  };
  /** What the bus was told of refusals: who, and how many. */
  const told = async ({ tenantId }: Place) => {
    const { rows: entries } = await world.admin.query<{ id: string; count: number }>(
      `select e ->> 'refusalId' as id, (e ->> 'count')::int as count
       from platform.outbox o, jsonb_array_elements(o.payload -> 'entries') e
       where o.tenant_id = $1 and o.name = 'licensing.usage.refused' order by o.recorded_at`,
      [tenantId],
    );
    return entries;
  };

  it('makes one row of a thousand uses, and keeps every key', async () => {
    const [ours, theirs] = [await unlimited(), await unlimited()];
    const keys = Array.from({ length: 20 }, () => randomUUID()).sort();
    await Promise.all(Array.from({ length: 1_000 }, () => one.use(ours, { amount: 2 })));
    await Promise.all(keys.map((idempotencyKey) => one.use(theirs, { idempotencyKey })));
    await one.use(theirs, { amount: 5 });
    while ((await world.waiting()) > 0) await one.drain.drain();
    expect([await sum(ours), await rows(ours)]).toEqual([[2_000], 1]);
    expect([await sum(theirs), await rows(theirs), await world.keysOf(theirs)]).toEqual([[25], 1, keys]);
  });

  it('counts each use once when two drain at the same time', async () => {
    const places = await Promise.all(Array.from({ length: 20 }, unlimited));
    const uses = places.flatMap((place) =>
      Array.from({ length: 40 }, (_, n) => one.use(place, n % 2 ? {} : { idempotencyKey: randomUUID() })),
    );
    await Promise.all(uses);
    while ((await world.waiting()) > 0)
      await Promise.all([one.drain.drain(), other.drain.drain(), one.drain.drain()]);
    for (const place of places) expect(await sum(place)).toEqual([40]);
  });

  it('goes on where one ended between its commit and its forgetting: nothing is counted twice', async () => {
    const place = await unlimited();
    const stream = usageKey(shardOf(place.licenseId));
    await one.use(place, { amount: 3 });
    await one.use(place, { amount: 4, idempotencyKey: randomUUID() });
    const entries = await world.redis.xrange(stream, '-', '+');
    await one.drain.drain();
    // As if Redis had not heard that they may go; meanwhile there is another one.
    await world.redis.del(stream);
    for (const [id, fields] of entries) await world.redis.xadd(stream, id, ...fields);
    await one.use(place, { amount: 5 });
    expect(await other.drain.drain()).toBe(3);
    expect(await sum(place)).toEqual([12]);
    expect(await world.waiting()).toBe(0);
  });

  it('leaves what Postgres did not take where it is', async () => {
    const place = await unlimited();
    await one.use(place);
    await world.admin.query('alter table licensing.usage_ledger rename to away');
    await expect(one.drain.drain()).rejects.toThrow('usage_ledger');
    await world.admin.query('alter table licensing.away rename to usage_ledger');
    expect(await world.waiting()).toBe(1);
    await one.drain.drain();
    expect(await sum(place)).toEqual([1]);
  });

  it('does not forget an entry of new counters because an old one had its id', async () => {
    const place = await unlimited();
    const stream = usageKey(shardOf(place.licenseId));
    await one.use(place);
    const [[id, fields]] = (await world.redis.xrange(stream, '-', '+')) as [[string, string[]]];
    await world.admin.query('begin');
    await world.admin.query('lock table licensing.usage_ledger in exclusive mode');
    // It has read the entry and waits to write it, while Redis loses it and counts anew, at the same moment.
    const drained = one.drain.drain();
    await waitsForLock(world);
    await world.redis.flushall();
    await other.counter.read(place.licenseId, []);
    const { counters } = await other.counter.read(place.licenseId, []);
    await world.redis.xadd(stream, id, ...fields.slice(0, -1), counters);
    await world.admin.query('commit');
    await drained;
    expect(await world.waiting()).toBe(1);
    await one.drain.drain();
    expect([await sum(place), await world.waiting()]).toEqual([[2], 0]);
  });

  it('tells of the first refusal of a minute at once, and then of the others together', async () => {
    const place = await world.issued({ commands: { limit: 0 } });
    const refused = refusalsKey(shardOf(place.licenseId));
    const minute = () => world.now().then((now) => Math.floor(now / 60_000));
    const before = await minute();
    for (let n = 0; n < 7; n++)
      await expect(one.use(place)).rejects.toMatchObject({ code: 'QUOTA_EXHAUSTED' });
    await one.drain.drain();
    await one.drain.tellRefusals();
    // Seven may stand on both sides of a minute's end.
    const atOnce = await told(place);
    expect(atOnce.length).toBeLessThanOrEqual(1 + 2 * ((await minute()) - before));
    expect(atOnce[0]!.count).toBe(1);

    for (const [field, count] of Object.entries(await world.redis.hgetall(refused))) {
      await world.redis.hdel(refused, field);
      await world.redis.hset(refused, field.replace(/^\d+/, '1'), count);
    }
    await one.drain.tellRefusals();
    await other.drain.tellRefusals();
    const all = await told(place);
    expect(all.reduce((total, entry) => total + entry.count, 0)).toBe(7);
    expect(new Set(all.map((entry) => entry.id)).size).toBe(all.length);
    expect(await world.redis.exists(refused)).toBe(0);
  });
});

/** Until the insert into the ledger stands in line. */
async function waitsForLock(world: QuotaWorld): Promise<void> {
  for (;;) {
    const { rows } = await world.admin.query<{ waits: boolean }>(
      `select exists (select from pg_locks where not granted) as waits`,
    );
    if (rows[0]!.waits) return;
  }
}
