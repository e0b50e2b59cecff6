import { randomUUID } from 'node:crypto';
import { type QuotaWorld, quotaWorld } from '../testing/quotas.js';
import type { Place } from '../use-cases/place.js';
import { windowAt } from './windows.js';

const DAY = 86_400_000;

describe('use that is told afterwards (C44)', () => {
  let world: QuotaWorld;

  beforeAll(async () => void (world = await quotaWorld()));
  afterAll(() => world.close());

  const daily = () => world.issued({ commands: { limit: 10 } });
  const tell = (place: Place, at: number, amount: number, idempotencyKey = randomUUID()) =>
    world.process.use(place, { amount, at: new Date(at), idempotencyKey });

  it('is recorded for its day, even beyond the limit, and takes nothing from today', async () => {
    const place = await daily();
    const now = await world.now();
    const [today, past] = [windowAt('day', 'UTC', now), windowAt('day', 'UTC', now - 3 * DAY)];
    expect(await tell(place, past.end! - 1, 8)).toEqual({
      ...{ meter: 'commands', limit: 10, used: 8, remaining: 2 },
      resetsAt: new Date(past.end!),
    });
    expect(await tell(place, past.start, 9)).toMatchObject({ used: 17, remaining: 0 });
    expect(await world.process.use(place)).toMatchObject({ used: 1, resetsAt: new Date(today.end!) });
    await world.process.drain.drain();
    expect(await world.ledgerOf(place)).toEqual([
      { meter: 'commands', start: new Date(past.start), amount: 17 },
      { meter: 'commands', start: new Date(today.start), amount: 1 },
    ]);
  });

  it('of today counts against today, and being over gives no more', async () => {
    const place = await daily();
    await world.process.use(place, { amount: 6 });
    const now = await world.now();
    expect(await tell(place, now, 9)).toMatchObject({ used: 15, remaining: 0 });
    await expect(world.process.use(place)).rejects.toMatchObject({ details: { used: 15, remaining: 0 } });
    await world.process.drain.drain();
    await world.redis.flushall();
    await expect(world.process.use(place)).rejects.toMatchObject({ details: { used: 15, remaining: 0 } });
  });

  it('counts once by its key, also in parallel', async () => {
    const place = await daily();
    const at = (await world.now()) - 2 * DAY;
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 12 }, () => tell(place, at, 4, key)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    await expect(tell(place, at, 5, key)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await tell(place, at, 1)).toMatchObject({ used: 5 });
  });

  it('is taken for 8 days back, and not from the future', async () => {
    const place = await daily();
    const now = await world.now();
    expect(await tell(place, now - 8 * DAY + 60_000, 1)).toMatchObject({ used: 1 });
    expect(await tell(place, now + 60_000, 1)).toMatchObject({ used: 1 });
    for (const at of [now - 8 * DAY - 1, now + 10 * 60_000])
      await expect(tell(place, at, 1)).rejects.toMatchObject({ code: 'USE_OUT_OF_RANGE', status: 422 });
  });
});

describe('a billed meter', () => {
  let world: QuotaWorld;

  beforeAll(async () => void (world = await quotaWorld()));
  afterAll(() => world.close());

  const billed = (limit: number | null) => world.issued({ commands: { limit, billed: true } });
  const written = async (place: Place) => (await world.ledgerOf(place)).map((row) => row.amount);

  it('is in Postgres before it is answered, and Redis follows', async () => {
    const place = await billed(10);
    expect(await world.process.use(place, { amount: 3 })).toMatchObject({ used: 3, remaining: 7 });
    expect(await written(place)).toEqual([3]);
    const [remainder] = await world.process.remainders.remainders({
      ...{ ...place, timeZone: 'UTC' },
      terms: { meters: { commands: { limit: 10, period: 'day', billed: true } } },
    });
    expect(remainder).toMatchObject({ remaining: 7 });
    // And again when Redis has forgotten it.
    await world.redis.flushall();
    expect(await world.process.use(place, { amount: 7 })).toMatchObject({ used: 10 });
    await expect(world.process.use(place)).rejects.toMatchObject({ code: 'QUOTA_EXHAUSTED' });
    expect([await written(place), await world.waiting()]).toEqual([[10], 1]);
    await world.process.drain.drain();
    expect(await written(place)).toEqual([10]);
  });

  it('is billed for when it was told, and counts for when it happened: nobody chooses a period that is over', async () => {
    const place = await billed(10);
    const [at, idempotencyKey] = [(await world.now()) - 3 * DAY, randomUUID()];
    const day = windowAt('day', 'UTC', at);
    const use = { amount: 4, at: new Date(at), idempotencyKey };
    const before = await world.now();
    const [answer, again] = [await world.process.use(place, use), await world.process.use(place, use)];
    expect(answer).toMatchObject({ used: 4, resetsAt: new Date(day.end!) });
    expect(again).toEqual(answer);
    expect(await world.ledgerOf(place)).toEqual([
      { meter: 'commands', start: new Date(day.start), amount: 4 },
    ]);
    const told = await world.billedOf(place);
    expect(told).toMatchObject([{ amount: 4, idempotencyKey }]);
    expect(Date.parse(told[0]!.at)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(told[0]!.at)).toBeLessThanOrEqual(await world.now());
  });

  it('lets exactly 10 of 50 through that ask at once', async () => {
    const place = await billed(10);
    const processes = Array.from({ length: 4 }, () => world.started());
    const all = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => processes[n % processes.length]!.use(place)),
    );
    expect(all.filter((result) => result.status === 'fulfilled')).toHaveLength(10);
    expect(await written(place)).toEqual([10]);
  });

  it('counts nothing while Postgres cannot take it, and once when the key comes again', async () => {
    const place = await billed(10);
    await world.process.use(place);
    const idempotencyKey = randomUUID();
    await world.admin.query('alter table licensing.usage_keys rename to away');
    await expect(world.process.use(place, { idempotencyKey })).rejects.toThrow('usage_keys');
    await world.admin.query('alter table licensing.away rename to usage_keys');
    expect(await written(place)).toEqual([1]);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => world.process.use(place, { idempotencyKey })),
    );
    for (const answer of answers) expect(answer).toMatchObject({ used: 2 });
    expect(await written(place)).toEqual([2]);
    await expect(world.process.use(place, { idempotencyKey, amount: 2 })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });
});

describe('what is left of the meters of a licence', () => {
  let world: QuotaWorld;

  beforeAll(async () => void (world = await quotaWorld()));
  afterAll(() => world.close());

  it('is what a lease carries: the remainder, the reset and what each offline day gives', async () => {
    const place = await world.issued({
      commands: { limit: 10 },
      tokens: { limit: 3_100, period: 'month' },
      exports: { limit: 5, period: 'forever' },
      reads: { limit: null },
    });
    const policy = await world.reload(place);
    const now = await world.now();
    const expected = (used: number, tokens: number) => [
      {
        meter: 'commands',
        remaining: 10 - used,
        perDayAllowance: 10,
        resetsAt: windowAt('day', 'UTC', now).end,
      },
      { meter: 'exports', remaining: 5, perDayAllowance: 0, resetsAt: null },
      {
        ...{ meter: 'reads', remaining: null, perDayAllowance: null },
        resetsAt: windowAt('day', 'UTC', world.clock.now().getTime()).end,
      },
      {
        ...{ meter: 'tokens', remaining: 3_100 - tokens, perDayAllowance: 100 },
        resetsAt: windowAt('month', 'UTC', now).end,
      },
    ];
    const remainders = () => world.process.remainders.remainders(policy);
    expect(await remainders()).toEqual(expected(0, 0));
    await world.process.use(place, { amount: 4 });
    await world.process.use(place, { meter: 'tokens', amount: 50 });
    expect(await remainders()).toEqual(expected(4, 50));
    await world.process.drain.drain();
    await world.redis.flushall();
    expect(await remainders()).toEqual(expected(4, 50));
    // Looking counts nothing, and asks the ledger once.
    await world.admin.query('alter table licensing.usage_ledger rename to away');
    expect(await remainders()).toEqual(expected(4, 50));
    await world.admin.query('alter table licensing.away rename to usage_ledger');
  });

  it('ends with the day of the zone that the tenant has chosen', async () => {
    const place = await world.issued({ commands: { limit: 10 } });
    await world.process.use(place, { amount: 4 });
    await world.moveTo(place, 'Asia/Tokyo');
    const { end } = windowAt('day', 'Asia/Tokyo', await world.now());
    const [told] = await world.process.remainders.remainders(await world.reload(place));
    expect(told).toMatchObject({ remaining: 6, resetsAt: end });
    expect(await world.process.use(place)).toMatchObject({ remaining: 5, resetsAt: new Date(end!) });
  });
});
