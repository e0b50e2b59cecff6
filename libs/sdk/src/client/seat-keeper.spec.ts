import { json, refusal } from '../testing/scripted-server.js';
import { scripted } from '../testing/scripted-client.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

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
