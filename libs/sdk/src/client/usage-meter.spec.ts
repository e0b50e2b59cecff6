import { type Got, json, refusal, type ScriptedServer } from '../testing/scripted-server.js';
import { scripted } from '../testing/scripted-client.js';
import { QuotaExhausted } from './usage-meter.js';

const DAY = 86_400_000;
const RESETS_AT = Date.parse('2026-03-02T00:00:00Z');
const QUOTA = [{ meter: 'commands', remaining: 10, perDayAllowance: 10, resetsAt: RESETS_AT }];

/** Counts as the contract says: each key once, by UTC days; beyond the limit only what has happened already. */
function counts(server: ScriptedServer, limit = 10) {
  const counted = new Map<unknown, { day: string; amount: number }>();
  const usedOn = (day: string) =>
    [...counted.values()].filter((one) => one.day === day).reduce((sum, one) => sum + one.amount, 0);
  const answer = ({ body }: Pick<Got, 'body'>) => {
    const at = typeof body['at'] === 'string' ? body['at'] : new Date(server.now()).toISOString();
    const day = at.slice(0, 10);
    const key = body['idempotency_key'];
    const amount = counted.has(key) ? 0 : Number(body['amount']);
    const isOver = body['at'] === undefined && usedOn(day) + amount > limit;
    if (!isOver && amount > 0) counted.set(key, { day, amount });
    const used = usedOn(day);
    const resets_at = new Date(Date.parse(`${day}T00:00:00Z`) + DAY).toISOString();
    const told = { meter: body['meter'], limit, used, remaining: Math.max(0, limit - used), resets_at };
    return isOver ? refusal(429, 'QUOTA_EXHAUSTED', told) : json(200, told);
  };
  server.answer('POST /licenses/usage', answer);
  return { usedOn, counted, answer };
}

const TODAY = '2026-03-01';

function metered() {
  const all = scripted();
  all.server.lease = { quota: QUOTA };
  return all;
}

describe('use that a server counts', () => {
  it('is exact, and refused when nothing is left', async () => {
    const { client, server } = metered();
    const there = counts(server, 3);
    await client.start();
    const results = [];
    for (let i = 0; i < 4; i++) results.push(await client.use('commands'));
    expect(results.map((one) => one.allowed)).toEqual([true, true, true, false]);
    expect(results.at(-1)).toEqual({
      meter: 'commands',
      allowed: false,
      remaining: 0,
      resetsAt: RESETS_AT,
      countedBy: 'server',
    });
    expect(there.usedOn(TODAY)).toBe(3);
    expect(server.calls('/licenses/usage')[0]?.body['session_id']).toBe('seat_1');
  });

  it('is that of the key where no seat is kept', async () => {
    const { client, server } = metered();
    server.lease = { quota: QUOTA, mode: 'none', seatExpiresAt: null };
    counts(server);
    await client.start();
    await client.use('commands');
    expect(server.calls('/licenses/usage')[0]?.body).toMatchObject({
      license_key: 'GH-PRO-0123456789AB-3A5F',
    });
    expect(server.calls('/licenses/usage')[0]?.body).not.toHaveProperty('session_id');
  });

  it('runs a handler only while it lasts (S1-44)', async () => {
    const { client, server } = metered();
    counts(server, 1);
    await client.start();
    const ran: string[] = [];
    const run = client.withQuota('commands', (name: string) => ran.push(name));
    expect(await run('one')).toBe(1);
    await expect(run('two')).rejects.toThrow(QuotaExhausted);
    expect(ran).toEqual(['one']);
  });

  it('says when the program itself is wrong', async () => {
    const { client, server } = metered();
    await client.start();
    server.answer('POST /licenses/usage', () => refusal(422, 'VALIDATION_FAILED'));
    await expect(client.use('nonsense')).rejects.toMatchObject({ status: 422 });
    for (const amount of [0, -1, 1.5, Number.NaN])
      await expect(client.use('commands', amount)).rejects.toThrow(RangeError);
  });
});

describe('use while the server is away (C44)', () => {
  it('is counted here, never beyond a day’s allowance, and told once it is back', async () => {
    const { client, server, time } = metered();
    const there = counts(server);
    await client.start();
    await client.use('commands', 4);
    const back = server.goAway();
    const here = [];
    for (let i = 0; i < 8; i++) here.push(await client.use('commands'));
    expect(here.filter((one) => one.allowed)).toHaveLength(6);
    expect(here.at(-1)).toMatchObject({ allowed: false, remaining: 0, countedBy: 'here' });
    expect(there.usedOn(TODAY)).toBe(4);

    back();
    await time.pass(10 * 60_000);
    expect(there.usedOn(TODAY)).toBe(10);
  });

  it('has a new allowance on each offline day, and what was of yesterday is not put on today', async () => {
    const { client, server, time } = metered();
    const there = counts(server);
    await client.start();
    const back = server.goAway();
    expect((await client.use('commands', 10)).allowed).toBe(true);
    expect((await client.use('commands')).allowed).toBe(false);
    await time.pass(DAY);
    expect((await client.use('commands', 3)).allowed).toBe(true);
    back();
    await time.pass(10 * 60_000);
    expect([there.usedOn(TODAY), there.usedOn('2026-03-02')]).toEqual([10, 3]);
    expect(await client.use('commands')).toMatchObject({ remaining: 6, countedBy: 'server' });
  });

  it('is counted once when only the answer was lost', async () => {
    const { client, server, time } = metered();
    const there = counts(server);
    await client.start();
    server.answer('POST /licenses/usage', (got) => {
      there.answer(got);
      server.answer('POST /licenses/usage', there.answer);
      throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
    });
    expect(await client.use('commands', 2)).toMatchObject({ allowed: true, countedBy: 'here' });
    await time.pass(5 * 60_000);
    expect(server.calls('/licenses/usage')).toHaveLength(2);
    expect(there.usedOn(TODAY)).toBe(2);
    expect(await client.use('commands')).toMatchObject({ remaining: 7 });
  });

  it('survives a restart, and is told by the next run', async () => {
    const { client, server, start, time } = metered();
    const there = counts(server);
    await client.start();
    const back = server.goAway();
    await client.use('commands', 7);
    await client.close();
    const again = start();
    await again.start();
    expect((await again.use('commands', 4)).allowed).toBe(false);
    back();
    await time.pass(10 * 60_000);
    expect(there.usedOn(TODAY)).toBe(7);
  });

  it('is told also where there are no heartbeats', async () => {
    const { client, server, time } = metered();
    server.lease = { quota: QUOTA, mode: 'none', seatExpiresAt: null };
    const there = counts(server);
    await client.start();
    const back = server.goAway();
    await client.use('commands', 7);
    back();
    await time.pass(10 * 60_000);
    expect(there.usedOn(TODAY)).toBe(7);
    expect(time.pending).toBe(2);
  });

  it('does not wait for the dead at every command', async () => {
    const { client, server, time } = metered();
    await client.start();
    server.answer('*', () => new Promise(() => undefined));
    const first = client.use('commands');
    await time.pass(10_000);
    await first;
    const asked = server.calls('/licenses/usage').length;
    await client.use('commands');
    expect(server.calls('/licenses/usage')).toHaveLength(asked);
  });

  it('gives nothing to a clock that was set back, nor to who is suspended', async () => {
    const { client, server, time } = metered();
    await client.start();
    const back = server.goAway();
    await time.pass(3 * 3_600_000);
    await client.use('commands');
    time.skew = -2 * 3_600_000;
    expect((await client.use('commands')).allowed).toBe(false);
    back();
    time.skew = 0;
    server.lease = { status: 'suspended', revision: 2, quota: QUOTA };
    await client.acquire();
    expect((await client.use('commands')).allowed).toBe(false);
    expect(client.status().state).toBe('suspended');
  });
});
