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

describe('a seat', () => {
  it('that somebody else has is lost, and asked for again as told', async () => {
    const { client, server, time, heard } = scripted();
    await client.start();
    const full = () => refusal(409, 'SEATS_EXHAUSTED', { used: 1, max: 1 }, { 'retry-after': '40' });
    const stops = [
      server.answer('PUT /licenses/heartbeat', full),
      server.answer('POST /licenses/acquire', full),
    ];
    await time.pass(150_000);
    expect(client.status()).toMatchObject({ state: 'free', reason: 'SEAT_LOST', seat: null });
    expect(heard['seat-lost']).toEqual([{ code: 'SEATS_EXHAUSTED', message: 'SEATS_EXHAUSTED.' }]);
    expect(heard.warning.at(-1)).toMatchObject({ code: 'REFUSED', nextInMs: 42_000 });

    stops.forEach((stop) => stop());
    server.sessions = 2;
    await time.pass(MINUTE);
    expect(client.status()).toMatchObject({ state: 'fresh', seat: { sessionId: 'seat_2' } });
    expect(heard.seat.map((one) => one.sessionId)).toEqual(['seat_1', 'seat_2']);
  });

  it('that is gone is lost and replaced at once, at the pace of heartbeats', async () => {
    const { client, server, time, heard } = scripted();
    await client.start();
    server.sessions = 2;
    server.answer('PUT /licenses/heartbeat', () => refusal(410, 'SEAT_GONE'));
    await time.pass(150_000);
    expect(heard['seat-lost']).toHaveLength(1);
    expect(heard.state.map(({ to }) => to.reason)).toEqual([null, 'SEAT_LOST', null]);
    expect(client.status()).toMatchObject({ state: 'fresh', seat: { sessionId: 'seat_2' } });
    await time.pass(10 * MINUTE);
    expect(server.calls('/licenses/acquire')).toHaveLength(6);
  });

  it('under a key that is no longer believed is replaced without being lost', async () => {
    const { client, server, time, heard } = scripted();
    await client.start();
    server.sessions = 2;
    const stop = server.answer('PUT /licenses/heartbeat', () => refusal(401, 'UNAUTHENTICATED'));
    await time.pass(150_000);
    stop();
    expect(client.status()).toMatchObject({ state: 'fresh', seat: { sessionId: 'seat_2' } });
    expect(heard['seat-lost']).toEqual([]);
    await time.pass(150_000);
    expect(server.calls('/licenses/heartbeat').at(-1)?.body).toEqual({ session_id: 'seat_2' });
  });

  it('is waited for as told, with the place in the queue', async () => {
    const { client, server, time, heard } = scripted();
    let position = 2;
    const stop = server.answer('POST /licenses/acquire', () =>
      refusal(
        409,
        'SEATS_EXHAUSTED',
        { used: 1, max: 1, queue: { position: position-- } },
        { 'retry-after': '20' },
      ),
    );
    const started = client.start({ wait: 5 * MINUTE });
    await time.pass(30_000);
    stop();
    await time.pass(30_000);
    expect((await started).state).toBe('fresh');
    expect(heard.waiting.map((one) => one.position)).toEqual([2, 1]);
  });

  it('is not waited for longer than was asked', async () => {
    const { client, server, time } = scripted();
    server.answer('POST /licenses/acquire', () =>
      refusal(409, 'SEATS_EXHAUSTED', { used: 1, max: 1 }, { 'retry-after': '20' }),
    );
    const acquired = client.acquire({ wait: MINUTE });
    const refused = expect(acquired).rejects.toMatchObject({ status: 409, code: 'SEATS_EXHAUSTED' });
    await time.pass(MINUTE);
    await refused;
    expect(server.calls('/licenses/acquire')).toHaveLength(4);
    await time.pass(HOUR);
    expect(server.calls('/licenses/acquire')).toHaveLength(4);
  });

  it('is given back once, however often the client is closed, and then all is quiet', async () => {
    const { client, server, time } = scripted();
    await client.start();
    await Promise.all([client.close(), client.close()]);
    await client.close();
    expect(server.released).toEqual(['seat_1']);
    expect(time.pending).toBe(0);
    await time.pass(DAY);
    expect(server.calls('/licenses/heartbeat')).toEqual([]);
  });

  it('keeps nobody from ending when the server hangs', async () => {
    const { client, server, time } = scripted();
    await client.start();
    server.answer('*', () => new Promise(() => undefined));
    const closed = client.close();
    await time.pass(3_000);
    await closed;
    expect(client.status().state).toBe('fresh');
  });

  it('that is long in coming keeps nobody from ending either', async () => {
    const { client, server, time } = scripted();
    server.answer('*', () => new Promise(() => undefined));
    const started = client.start();
    await time.pass(0);
    let isClosed = false;
    void client.close().then(() => (isClosed = true));
    await time.pass(3_000);
    expect(isClosed).toBe(true);
    await time.pass(HOUR);
    await started;
  });

  it('is not taken any more by who was waiting for it when the client was closed', async () => {
    const { client, server, time } = scripted();
    const stop = server.answer('POST /licenses/acquire', () =>
      refusal(409, 'SEATS_EXHAUSTED', { used: 1, max: 1 }, { 'retry-after': '20' }),
    );
    const started = client.start({ wait: HOUR });
    await time.pass(30_000);
    stop();
    const asked = server.calls('/licenses/acquire').length;
    await client.close();
    expect((await started).seat).toBeNull();
    expect(server.calls('/licenses/acquire')).toHaveLength(asked);
    expect(time.pending).toBe(0);
  });

  it('that comes while the client is being closed is given back too', async () => {
    const { client, server, time } = scripted();
    let grant = () => undefined as void;
    const stop = server.answer('POST /licenses/acquire', async (got) => {
      await new Promise<void>((resolve) => (grant = resolve));
      stop();
      return server.fetch('https://licences.example/api/v1/licenses/acquire', {
        method: 'POST',
        body: JSON.stringify(got.body),
      });
    });
    const started = client.start();
    await time.pass(0);
    const closed = client.close();
    grant();
    await started;
    await closed;
    expect(server.released).toEqual(['seat_1']);
  });

  it('by key falls back on whoever is signed in, where the key alone may not', async () => {
    const bearer = { token: async () => 'tok', renew: async () => null };
    const { client, server } = scripted({ bearer });
    server.answer('POST /licenses/acquire', ({ headers }) => {
      if (!headers.has('authorization')) return refusal(403, 'KEY_ACTIVATION_NOT_ALLOWED');
      return refusal(409, 'SEATS_EXHAUSTED', { used: 1, max: 1 });
    });
    expect((await client.start()).trouble?.code).toBe('SEATS_EXHAUSTED');
  });
});

describe('a signed revocation', () => {
  it('is fetched when a refusal speaks of one, and holds until a higher revision', async () => {
    const { client, server, time, start, heard } = scripted();
    await client.start();
    const blocked = () => refusal(403, 'LICENSE_REVOKED');
    const stops = [
      server.answer('PUT /licenses/heartbeat', blocked),
      server.answer('POST /licenses/acquire', blocked),
    ];
    server.answer('POST /licenses/validate', ({ body }) =>
      json(200, {
        valid: false,
        code: 'REVOKED',
        detail: 'It was revoked.',
        nonce: body['nonce'],
        lease: server.leaseFor(body['hardware_id'], { status: 'revoked', revision: 2, seatExpiresAt: null }),
      }),
    );
    await time.pass(150_000);
    expect(client.status()).toMatchObject({ state: 'revoked', entitlements: [], plan: null });
    expect(heard.state.at(-1)?.to.state).toBe('revoked');
    await client.close();

    const away = server.goAway();
    const again = start();
    expect((await again.start()).state).toBe('revoked');
    away();
    stops.forEach((stop) => stop());
    // The same revision, active: an old word.
    server.lease = { revision: 2 };
    await again.acquire();
    expect(again.status().state).toBe('revoked');
    server.lease = { revision: 3 };
    await again.acquire();
    expect(again.status().state).toBe('fresh');
  });

  it('with the nonce of another question is nobody’s answer', async () => {
    const { client, server, time } = scripted();
    await client.start();
    server.answer('PUT /licenses/heartbeat', () => refusal(403, 'LICENSE_REVOKED'));
    server.answer('POST /licenses/validate', ({ body }) =>
      json(200, {
        valid: false,
        code: 'REVOKED',
        detail: 'It was revoked.',
        nonce: 'another',
        lease: server.leaseFor(body['hardware_id'], { status: 'revoked', revision: 2, seatExpiresAt: null }),
      }),
    );
    await time.pass(150_000);
    expect(client.status().state).toBe('fresh');
  });

  it('inside a refusal is heard too', async () => {
    const { client, server } = scripted({ licenseKey: undefined, licenseId: 'lic_1' });
    await client.start();
    server.answer('POST /licenses/acquire', ({ body }) => {
      const lease = server.leaseFor(body['hardware_id'], {
        status: 'suspended',
        revision: 2,
        seatExpiresAt: null,
      });
      return refusal(403, 'LICENSE_SUSPENDED', { lease });
    });
    await expect(client.acquire()).rejects.toMatchObject({ code: 'LICENSE_SUSPENDED' });
    expect(client.status().state).toBe('suspended');
  });
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
