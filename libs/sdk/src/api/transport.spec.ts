import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { failure } from '../testing/failure.js';
import { GatehouseApi } from './gatehouse-api.js';
import { fromWire, toWire } from './wire.js';

let server: Server;
let url: string;
let handle: (request: IncomingMessage, response: ServerResponse) => void;
let seen: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      handle(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => (seen = []));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => {
  handle = (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
};
const SEAT = {
  session_id: 'seat_1',
  expires_at: '2026-03-01T12:06:00.000Z',
  heartbeat_interval_seconds: 150,
  seats: { used: 1, max: null },
  license: { id: 'lic_1', tier: 'FREE', entitlements: [] },
};
const api = (more: object = {}) => new GatehouseApi({ url, ...more });

describe('a call', () => {
  it('speaks snake_case to the server and camelCase to the program', async () => {
    answer(200, { ...SEAT, later: 'unknown members are passed over' });
    const seat = await api().acquire({ hardwareId: 'a', licenseKey: 'GH-X' });
    expect(JSON.parse(seen[0]!.body)).toEqual({ hardware_id: 'a', license_key: 'GH-X' });
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/api/v1/licenses/acquire' });
    expect(seen[0]!.headers.authorization).toBeUndefined();
    expect(seat).toMatchObject({
      sessionId: 'seat_1',
      expiresAt: Date.parse('2026-03-01T12:06:00Z'),
      seats: { used: 1, max: null },
      lease: null,
    });
  });

  it('that is refused says all that was told', async () => {
    const details = { used: 1, max: 1, earliest_expiry: '2026-03-01T12:06:00.000Z' };
    answer(
      409,
      { error: { code: 'SEATS_EXHAUSTED', message: 'Taken.', trace_id: 't1', details } },
      { 'retry-after': '60' },
    );
    expect(await failure(api().acquire({ hardwareId: 'a' }))).toMatchObject({
      status: 409,
      code: 'SEATS_EXHAUSTED',
      message: 'Taken.',
      traceId: 't1',
      details: { used: 1, max: 1, earliestExpiry: '2026-03-01T12:06:00.000Z' },
      retryAfterSeconds: 60,
      isUnreachable: false,
    });
  });

  it('that is refused for now is no refusal, but a spent quota is', async () => {
    answer(429, { error: { code: 'RATE_LIMITED', message: 'm' } });
    expect((await failure(api().heartbeat('s'))).isUnreachable).toBe(true);
    answer(429, { error: { code: 'QUOTA_EXHAUSTED', message: 'm' } });
    const spent = await failure(api().recordUsage({ meter: 'commands', amount: 1, at: 0 }));
    expect(spent.isUnreachable).toBe(false);
    expect(JSON.parse(seen[1]!.body)).toEqual({
      meter: 'commands',
      amount: 1,
      at: '1970-01-01T00:00:00.000Z',
    });
  });

  it.each([
    ['no JSON', 200, '<h1>Welcome</h1>'],
    ['JSON of another form', 200, { ok: true }],
    ['a member of another type', 200, { ...SEAT, expires_at: 'soon' }],
    ['a megabyte', 200, JSON.stringify({ ...SEAT, padding: 'x'.repeat(2_000_000) })],
  ])('answered with %s is no answer', async (_, status, body) => {
    answer(status, body);
    expect(await failure(api().acquire({ hardwareId: 'a' }))).toMatchObject({
      status: null,
      code: 'BAD_ANSWER',
      isUnreachable: true,
    });
  });

  it('stops reading an endless answer', async () => {
    let closed: Promise<unknown> = Promise.reject(new Error('never asked'));
    closed.catch(() => undefined);
    handle = (_, response) => {
      closed = once(response, 'close');
      response.writeHead(200);
      const more = () => void response.write('x'.repeat(65_536), () => !response.destroyed && more());
      more();
    };
    expect((await failure(api().heartbeat('s'))).code).toBe('BAD_ANSWER');
    await closed;
  });

  it('is given up when its time is over', async () => {
    handle = () => undefined;
    expect(await failure(api({ timeoutMs: 50 }).heartbeat('s'))).toMatchObject({
      code: 'TIMED_OUT',
      status: null,
    });
    handle = (_, response) => response.writeHead(200).write('{');
    expect((await failure(api({ timeoutMs: 50 }).heartbeat('s'))).code).toBe('TIMED_OUT');
  });

  it('follows nobody to another place', async () => {
    answer(307, '', { location: `${url}/elsewhere` });
    expect((await failure(api().acquire({ hardwareId: 'a', licenseKey: 'secret' }))).code).toBe(
      'UNREACHABLE',
    );
    expect(seen).toHaveLength(1);
  });

  it('to where nobody listens says so', async () => {
    const nobody = new GatehouseApi({ url: 'http://127.0.0.1:9' });
    const error = await failure(nobody.heartbeat('s'));
    expect(error).toMatchObject({ code: 'UNREACHABLE', status: null });
    expect(error.message).toContain('http://127.0.0.1:9');
  });

  it.each(['ftp://x', 'licences.example', 'https://u:p@licences.example', 'https://x/?a=b', ''])(
    'has no server in %j',
    (text) => expect(() => new GatehouseApi({ url: text })).toThrow(TypeError),
  );
});

describe('a bearer', () => {
  const me = {
    user: { id: 'usr_1', email: 'a@b.example', email_verified: true, display_name: null },
    tenant: { id: 'ten_1', name: 'A', slug: 'a', plan: 'FREE', max_seats: 1 },
    role: 'owner',
    scopes: [],
  };

  it('that is refused is renewed once', async () => {
    handle = (request, response) => {
      const isGood = request.headers.authorization === 'Bearer new';
      response
        .writeHead(isGood ? 200 : 401)
        .end(JSON.stringify(isGood ? me : { error: { code: 'UNAUTHENTICATED' } }));
    };
    const renewed: string[] = [];
    const bearer = {
      token: async () => 'old',
      renew: async (refused: string) => {
        renewed.push(refused);
        return 'new';
      },
    };
    expect((await api({ bearer }).me()).user.id).toBe('usr_1');
    expect(renewed).toEqual(['old']);
    expect((await failure(api({ bearer: { ...bearer, renew: async () => null } }).me())).status).toBe(401);
  });

  it('brings a list page by page', async () => {
    const license = (id: string) => ({
      ...{
        id,
        tier: 'FREE',
        status: 'active',
        max_seats: 1,
        entitlements: [],
        key: 'GH-****',
        expires_at: null,
      },
    });
    handle = (request, response) => {
      const isLast = request.url?.includes('cursor=c%2F1');
      response.writeHead(200).end(
        JSON.stringify({
          data: isLast ? [license('c')] : [license('a'), license('b')],
          next_cursor: isLast ? null : 'c/1',
        }),
      );
    };
    const ids = [];
    for await (const one of api().licenses({ limit: 2 })) ids.push(one.id);
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(seen.map((one) => one.url)).toEqual([
      '/api/v1/licenses?limit=2',
      '/api/v1/licenses?limit=2&cursor=c%2F1',
    ]);
  });

  it('of an upstream issuer signs up and in; a second factor is asked for as told', async () => {
    answer(401, { error: { code: 'MFA_REQUIRED', message: 'm', details: { mfa_token: 'mfa_1' } } });
    expect((await failure(api().login({ idToken: 'idt' }))).details).toEqual({ mfaToken: 'mfa_1' });
    expect(seen[0]?.headers.authorization).toBe('Bearer idt');
    expect(seen[0]?.body).toBe('{}');
    await failure(api().login({ email: 'a@b.example', password: 'pw' }));
    expect(JSON.parse(seen[1]!.body)).toEqual({ email: 'a@b.example', password: 'pw' });
  });
});

describe('an answer that should be signed', () => {
  it('is asked for, and counts as none when it is not', async () => {
    answer(200, SEAT);
    const signatures = {
      newNonce: () => 'ab'.repeat(16),
      check: () => Promise.reject(new Error('not signed')),
    };
    const error = await failure(api({ signatures }).acquire({ hardwareId: 'a' }));
    expect(error.isUnreachable).toBe(true);
    expect(seen[0]?.headers['accept-signature']).toContain(`nonce="${'ab'.repeat(16)}"`);
  });
});

it('names go there and back', () => {
  const program = { licenseKey: 'x', list: [{ perDay: 1 }], totp2fa: null };
  expect(toWire(program)).toEqual({ license_key: 'x', list: [{ per_day: 1 }], totp2fa: null });
  expect(fromWire(toWire(program))).toEqual(program);
  const hostile = fromWire(JSON.parse('{"__proto__": {"polluted": true}}')) as object;
  expect(Object.getPrototypeOf(hostile)).toBe(Object.prototype);
});
