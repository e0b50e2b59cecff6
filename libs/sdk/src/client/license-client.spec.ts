import { json, refusal } from '../testing/scripted-server.js';
import { scripted } from '../testing/scripted-client.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('a client that starts', () => {
  it('holds a seat, knows its terms, and beats at the told pace', async () => {
    const { client, server, time } = scripted();
    const status = await client.start();
    expect(status).toMatchObject({
      state: 'fresh',
      plan: 'PRO',
      seat: { sessionId: 'seat_1' },
      trouble: null,
    });
    expect(client.entitled('sync:read')).toBe(true);
    expect(client.entitled('sync:write')).toBe(false);

    await time.pass(10 * MINUTE);
    const beats = server.calls('/licenses/heartbeat');
    // Ten minutes in steps of 150 s, each up to a tenth early.
    expect(beats).toHaveLength(4);
    expect(beats[0]?.body).toEqual({ session_id: 'seat_1' });
    server.interval = 300;
    await time.pass(30 * MINUTE);
    expect(server.calls('/licenses/heartbeat')).toHaveLength(10);
  });

  it('does not beat where the mode is none, and still renews its lease', async () => {
    const { client, server, time } = scripted();
    server.lease = { mode: 'none', seatExpiresAt: null };
    await client.start();
    await time.pass(2 * DAY);
    expect(server.calls('/licenses/heartbeat')).toEqual([]);
    expect(server.calls('/licenses/acquire').length).toBeGreaterThan(2);
    expect(client.status().state).toBe('fresh');
  });

  it('renews its lease long before it stops being fresh', async () => {
    const { client, server, time, heard } = scripted();
    await client.start();
    await time.pass(15 * HOUR);
    expect(server.calls('/licenses/acquire')).toHaveLength(2);
    await time.pass(3 * DAY);
    expect(heard.state.map(({ to }) => to.state)).toEqual(['fresh']);
    expect(heard.warning).toEqual([]);
  });

  it('is told apart from no client by a server without leases: it keeps its seat and runs on Free', async () => {
    const { client, server, time, heard } = scripted();
    server.issuesLeases = false;
    const status = await client.start();
    expect(status).toMatchObject({ state: 'free', reason: 'NO_LEASE', seat: { sessionId: 'seat_1' } });
    await time.pass(10 * MINUTE);
    expect(server.calls('/licenses/heartbeat').length).toBeGreaterThan(2);
    expect(server.calls('/licenses/acquire')).toHaveLength(1);
    expect(heard.warning.map((one) => one.code)).toEqual(['NO_LEASE']);
  });

  it('starts also when nobody answers, on what it remembers', async () => {
    const { client, server, start, time } = scripted();
    await client.start();
    await client.close();
    server.goAway();
    const again = start();
    const status = await again.start();
    expect(status).toMatchObject({ state: 'fresh', trouble: { code: 'UNREACHABLE', status: null } });
    expect(again.entitled('sync:read')).toBe(true);
    await time.pass(26 * HOUR);
    expect(again.status()).toMatchObject({ state: 'grace' });
  });
});

describe('a server that fails (S1-45)', () => {
  it.each([
    ['500', () => refusal(500, 'INTERNAL')],
    ['503', () => refusal(503, 'SEATS_UNAVAILABLE', undefined, { 'retry-after': '5' })],
    ['429', () => refusal(429, 'RATE_LIMITED', undefined, { 'retry-after': '5' })],
    ['a page of a proxy', () => new Response('<h1>Gateway</h1>', { status: 502 })],
    ['a captive portal', () => new Response('<h1>Welcome</h1>', { status: 200 })],
    ['a 410 that is not ours', () => json(410, { gone: true })],
    ['a 401', () => refusal(401, 'UNAUTHENTICATED')],
    ['a 403 that nobody signed', () => refusal(403, 'LICENSE_REVOKED')],
  ])('costs a warning and no licence: %s', async (_, fail) => {
    const { client, server, time, heard } = scripted();
    await client.start();
    const stop = server.answer('*', fail);
    await time.pass(HOUR);
    expect(heard.warning.length).toBeGreaterThan(3);
    expect(client.entitled('sync:read')).toBe(true);
    expect(heard['seat-lost']).toEqual([]);

    await time.pass(DAY);
    expect(client.status().state).toBe('grace');
    stop();
    await time.pass(5 * MINUTE);
    expect(client.status()).toMatchObject({ state: 'fresh', trouble: null });
    expect(heard.recovered).toHaveLength(1);
  });

  it('is asked again soon, then ever less, and never later than a lost beat may be', async () => {
    const { client, server, time, heard } = scripted();
    await client.start();
    server.goAway();
    await time.pass(HOUR);
    const waits = heard.warning.map((one) => one.nextInMs ?? 0);
    expect(waits.slice(0, 4)).toEqual([4375, 8750, 17500, 35000]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(150_000);
  });

  it('that does not answer at all is given up in time', async () => {
    const { client, server, time, heard } = scripted();
    await client.start();
    server.answer('*', () => new Promise(() => undefined));
    await time.pass(3 * MINUTE);
    expect(heard.warning[0]).toMatchObject({ code: 'UNREACHABLE', refusal: 'TIMED_OUT' });
  });

  it('takes grace and then Free to be felt, says so at each step, and is forgiven when it answers', async () => {
    const { client, server, time, heard } = scripted();
    await client.start();
    const back = server.goAway();
    await time.pass(9 * DAY);
    expect(heard.state.map(({ to }) => [to.state, to.reason])).toEqual([
      ['fresh', null],
      ['grace', null],
      ['free', 'LEASE_ENDED'],
    ]);
    expect(client.entitled('commands:execute')).toBe(true);
    expect(client.entitled('sync:read')).toBe(false);
    back();
    await time.pass(5 * MINUTE);
    expect(client.status().state).toBe('fresh');
  });

  it('does not hide a clock that was set back', async () => {
    const { client, server, time } = scripted();
    await client.start();
    const back = server.goAway();
    await time.pass(2 * HOUR);
    time.skew = -3 * HOUR;
    expect(client.status().state).toBe('clock_tampered');
    back();
    await time.pass(5 * MINUTE);
    expect(client.status().state).toBe('fresh');
  });
});

it('a client that wants signed answers takes no others, however good they look', async () => {
  const { client } = scripted({ signedAnswers: true, issuer: 'https://licences.example' });
  expect(await client.start()).toMatchObject({ state: 'free', seat: null, trouble: { code: 'BAD_ANSWER' } });
});

it('what could not be written is still known, and is not undone by the older file', async () => {
  const { client, server, stores, heard } = scripted();
  await client.start();
  const kept = await stores.offline.read();
  stores.offline.update = async (change) => {
    await change(kept);
    throw new Error('ENOSPC');
  };
  server.lease = { status: 'revoked', revision: 2, seatExpiresAt: null };
  await client.acquire();
  expect(client.status().state).toBe('revoked');
  server.goAway();
  await client.acquire().catch(() => undefined);
  expect(client.status().state).toBe('revoked');
  expect(new Set(heard.warning.map((one) => one.code))).toEqual(new Set(['NOT_SAVED', 'UNREACHABLE']));
});

it('what a listener throws is the program’s own fault and stops no heartbeat', async () => {
  const { client, server, time } = scripted();
  const thrown: unknown[] = [];
  const surface = globalThis.queueMicrotask;
  globalThis.queueMicrotask = (work) => {
    try {
      work();
    } catch (error) {
      thrown.push(error);
    }
  };
  try {
    client.on('seat', () => {
      throw new Error('mine');
    });
    await client.start();
  } finally {
    globalThis.queueMicrotask = surface;
  }
  await time.pass(10 * MINUTE);
  expect(thrown).toEqual([new Error('mine')]);
  expect(server.calls('/licenses/heartbeat')).toHaveLength(4);
});

it('a client that was not started says so', async () => {
  const { client } = scripted();
  expect(() => client.entitled('sync:read')).toThrow('start()');
  await client.close();
  await expect(client.start()).rejects.toThrow('closed');
});
