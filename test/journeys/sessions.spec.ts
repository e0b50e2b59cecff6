import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { promised } from '../support/patience.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  payloadOf,
  type RegisteredBody,
  signInWithGoogle,
  signUp,
  succeed,
} from '../support/person.js';
import type { ProductProcess } from '../support/product.js';

interface SessionsBody {
  data: {
    id: string;
    tenant_id: string;
    current: boolean;
    provider: string;
    browser: string | null;
    system: string | null;
    address: string | null;
    place: string | null;
    created_at: string;
    last_active_at: string;
    expires_at: string;
  }[];
  next_cursor: string | null;
}

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';

const product = journeyProduct();
let other: ProductProcess;
const redis = () => product.redisClient();

beforeAll(async () => {
  other = await product.startApi();
});

const v1 = (api = product.api) => `${api.url}/api/v1`;
const me = async (api: ProductProcess, { access_token: bearer }: RegisteredBody) =>
  (await call(`${v1(api)}/auth/me`, { bearer })).status;
const refreshed = async ({ refresh_token }: RegisteredBody) =>
  (await call(`${v1()}/auth/refresh`, { body: { refresh_token } })).status;
const sidOf = ({ access_token: token }: RegisteredBody) => payloadOf<{ sid: string }>(token).sid;
const sessionsOf = ({ access_token: bearer }: RegisteredBody, query = '') =>
  succeed<SessionsBody>(`${v1()}/auth/sessions${query}`, { bearer });

/** Somebody new who is signed in on this many devices. */
async function signedIn(devices: string[]): Promise<RegisteredBody[]> {
  const email = newEmail();
  const first = await signUp(product.api.url, { email });
  const more: RegisteredBody[] = [];
  for (const device of devices) {
    const bearer = await signInWithGoogle(email);
    const headers = { 'user-agent': device };
    more.push(await succeed(`${v1()}/auth/login`, { method: 'POST', bearer, headers }));
  }
  return [first, ...more];
}

/** What is told to nobody is found out within two seconds (S2-41), in ms. */
const AT_ONCE = { withinMs: promised(2_000) };

/** Every process refuses its access token within two seconds, and its refresh token is good for nothing. */
async function isOver(session: RegisteredBody): Promise<void> {
  const look = async () => {
    for (const api of [product.api, other]) expect(await me(api, session)).toBe(401);
  };
  await eventually(look, AT_ONCE);
  expect(await refreshed(session)).toBe(401);
}

async function isOn(session: RegisteredBody): Promise<void> {
  for (const api of [product.api, other]) expect(await me(api, session)).toBe(200);
}

describe('sessions and devices (S1-18..20, S2-41)', () => {
  it('are listed as people recognise them, a page at a time', async () => {
    const [first, laptop, phone] = (await signedIn([FIREFOX, SAFARI])) as [
      RegisteredBody,
      RegisteredBody,
      RegisteredBody,
    ];
    const { data, next_cursor } = await sessionsOf(laptop);
    expect(next_cursor).toBeNull();
    expect(data.map((one) => one.id)).toEqual([sidOf(phone), sidOf(laptop), sidOf(first)]);
    expect(data[0]).toMatchObject({
      browser: 'Safari 17',
      system: 'iOS',
      current: false,
      provider: 'google.com',
    });
    expect(data[1]).toMatchObject({
      browser: 'Firefox 128',
      system: 'Linux',
      current: true,
      address: '127.0.0.1',
      place: null,
    });
    const one = await sessionsOf(laptop, '?limit=1');
    expect(one.data).toHaveLength(1);
    expect((await sessionsOf(laptop, `?cursor=${one.next_cursor}`)).data).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: sidOf(laptop) })]),
    );
  });

  it('tell when they were last used, without a write for each request', async () => {
    const [session] = (await signedIn([])) as [RegisteredBody];
    const began = (await sessionsOf(session)).data[0]!.last_active_at;
    const row = () =>
      product.query('select xmin from identity.auth_sessions where id = $1', [sidOf(session)]);
    const before = await row();
    await redis().config('SET', 'notify-keyspace-events', 'Kh');
    const listener = redis().duplicate();
    let writes = 0;
    listener.on('message', (_channel: string, event: string) => {
      if (event === 'hset') writes += 1;
    });
    await listener.subscribe(`__keyspace@0__:session:${sidOf(session)}`);
    await Promise.all(Array.from({ length: 50 }, () => me(product.api, session)));
    expect(await row()).toEqual(before);
    await eventually(async () => {
      const seen = (await sessionsOf(session)).data[0]!;
      expect(Date.parse(seen.last_active_at)).toBeGreaterThan(Date.parse(began));
    });
    await eventually(() => writes > 0);
    listener.disconnect();
    // One for each time that notes are written down, every five seconds; there were more than fifty requests.
    expect(writes).toBeLessThan(10);
    expect(await redis().hgetall(`session:${sidOf(session)}`)).toMatchObject({ address: '127.0.0.1' });
    expect(await redis().ttl(`session:${sidOf(session)}`)).toBeGreaterThan(0);
  });

  it('are revoked one by one: every process refuses it, the others go on, the trail has it', async () => {
    const [first, laptop] = (await signedIn([FIREFOX])) as [RegisteredBody, RegisteredBody];
    await Promise.all([isOn(first), isOn(laptop)]);
    await eventually(async () => expect(await redis().exists(`session:${sidOf(laptop)}`)).toBe(1));
    const revoke = () =>
      call(`${v1()}/auth/sessions/${sidOf(laptop)}`, { method: 'DELETE', bearer: first.access_token });
    expect(await revoke()).toMatchObject({ status: 200, body: { status: 'revoked' } });
    await isOver(laptop);
    await isOn(first);
    expect((await revoke()).status).toBe(200);
    expect((await sessionsOf(first)).data.map((one) => one.id)).toEqual([sidOf(first)]);
    await eventually(async () => expect(await redis().exists(`session:${sidOf(laptop)}`)).toBe(0));
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${v1()}/audit?action=SESSION_REVOKED`, {
        bearer: first.access_token,
      });
      expect(data.map((entry) => [entry.subject, entry.metadata])).toEqual([
        [sidOf(laptop), expect.objectContaining({ session_id: sidOf(laptop) })],
      ]);
    });
  });

  it('belong to their owner: anybody else’s is not there', async () => {
    const [[victim], [mallory]] = (await Promise.all([signedIn([]), signedIn([])])) as [
      [RegisteredBody],
      [RegisteredBody],
    ];
    const answer = await call<ErrorBody>(`${v1()}/auth/sessions/${sidOf(victim)}`, {
      method: 'DELETE',
      bearer: mallory.access_token,
    });
    expect([answer.status, answer.body.error.code]).toEqual([404, 'NOT_FOUND']);
    await isOn(victim);
  });

  it('are revoked all but this one, and then all', async () => {
    const [first, laptop, phone] = (await signedIn([FIREFOX, SAFARI])) as [
      RegisteredBody,
      RegisteredBody,
      RegisteredBody,
    ];
    const end = (which: string) =>
      succeed(`${v1(other)}/auth/logout/${which}`, { method: 'POST', bearer: laptop.access_token });
    expect(await end('others')).toEqual({ revoked: 2 });
    await Promise.all([isOver(first), isOver(phone)]);
    await isOn(laptop);
    expect(await end('all')).toEqual({ revoked: 1 });
    await isOver(laptop);
  });

  it('end by tokens that have run out or were replaced, too, and every sign-out is in the trail (S2-38)', async () => {
    const [first, laptop, phone] = (await signedIn([FIREFOX, SAFARI])) as [
      RegisteredBody,
      RegisteredBody,
      RegisteredBody,
    ];
    await product.query(
      `update identity.auth_sessions set auth_time = auth_time - interval '31 days',
         last_used_at = last_used_at - interval '31 days' where id = $1`,
      [sidOf(laptop)],
    );
    const replaced = { refresh_token: phone.refresh_token };
    await succeed(`${v1()}/auth/refresh`, { body: replaced });
    expect(await refreshed(laptop)).toBe(401);
    const logout = (body: object) => succeed(`${v1()}/auth/logout`, { body });
    // One that has run out ends all the same, and is not counted.
    expect(await logout({ refresh_token: laptop.refresh_token })).toEqual({ revoked: 0 });
    expect(await logout(replaced)).toEqual({ revoked: 1 });
    await isOver(laptop);
    await isOver(phone);
    expect(await succeed(`${v1()}/auth/logout/all`, { method: 'POST', bearer: first.access_token })).toEqual({
      revoked: 1,
    });
    const rows = await product.query(
      'select 1 from identity.auth_sessions where ended_at is null and id = any ($1)',
      [[first, laptop, phone].map(sidOf)],
    );
    expect(rows).toEqual([]);

    const again = await succeed<RegisteredBody>(`${v1()}/auth/login`, {
      method: 'POST',
      bearer: await signInWithGoogle(first.user.email),
    });
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${v1()}/audit?action=SESSION_REVOKED`, {
        bearer: again.access_token,
      });
      expect(data.map((entry) => [entry.subject, entry.metadata.reason]).reverse()).toEqual([
        [sidOf(laptop), 'logout'],
        [sidOf(phone), 'logout'],
        [sidOf(first), 'logout_all'],
      ]);
    });
  });

  it('are known to be over to a process that starts afterwards', async () => {
    const [first, laptop] = (await signedIn([FIREFOX])) as [RegisteredBody, RegisteredBody];
    await succeed(`${v1()}/auth/sessions/${sidOf(laptop)}`, { method: 'DELETE', bearer: first.access_token });
    const late = await product.startApi();
    expect(await me(late, laptop)).toBe(401);
    expect(await me(late, first)).toBe(200);
    await late.stop();
  });

  it('leave nothing to whoever refreshed while they ended', async () => {
    const [session] = (await signedIn([])) as [RegisteredBody];
    const { refresh_token } = session;
    const racing = Array.from({ length: 20 }, (_, i) =>
      call<RegisteredBody>(`${v1(i % 2 ? other : product.api)}/auth/refresh`, { body: { refresh_token } }),
    );
    await succeed(`${v1(other)}/auth/logout`, { body: { refresh_token } });
    const given = (await Promise.all(racing)).filter((one) => one.status === 200).map((one) => one.body);
    for (const one of [session, ...given]) await isOver(one);
  });
});

describe('POST /oauth/revoke (RFC 7009, S3-09)', () => {
  const revoke = (body: string, type = 'application/x-www-form-urlencoded') =>
    fetch(`${product.api.url}/oauth/revoke`, { method: 'POST', body, headers: { 'content-type': type } });

  it.each(['refresh_token', 'access_token'] as const)('ends the session of a %s', async (kind) => {
    const [session, laptop] = (await signedIn([FIREFOX])) as [RegisteredBody, RegisteredBody];
    const form = new URLSearchParams({ token: session[kind], token_type_hint: kind, client_id: 'cli' });
    expect((await revoke(form.toString())).status).toBe(200);
    await isOver(session);
    expect((await revoke(form.toString())).status).toBe(200);
    await isOn(laptop);
  });

  it('answers alike for what nobody knows, and with the RFC’s error for what is no request', async () => {
    for (const token of ['nonsense', 'rft_x', 'e30.e30.e30', '../../etc/passwd', 'x'.repeat(8_000)])
      expect((await revoke(new URLSearchParams({ token }).toString())).status).toBe(200);
    for (const body of ['', 'token=', 'token=a&token=b', 'token_type_hint=refresh_token']) {
      const answer = await revoke(body);
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
        400,
        'invalid_request',
      ]);
    }
    expect((await revoke('{"token": "nonsense"}', 'application/json')).status).toBe(200);
  });

  it('is the only place that takes a form', async () => {
    const answer = await fetch(`${v1()}/auth/refresh`, {
      method: 'POST',
      body: 'refresh_token=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([answer.status, ((await answer.json()) as ErrorBody).error.code]).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ]);
  });
});

describe('while Redis is away', () => {
  it('a session that is ended is over everywhere all the same, and the list still answers', async () => {
    const [first, laptop] = (await signedIn([FIREFOX])) as [RegisteredBody, RegisteredBody];
    await Promise.all([isOn(first), isOn(laptop)]);
    await product.redis.kill();
    try {
      await succeed(`${v1()}/auth/sessions/${sidOf(laptop)}`, {
        method: 'DELETE',
        bearer: first.access_token,
      });
      // No news goes round: the other process finds it by itself, in time.
      await eventually(async () => expect(await me(other, laptop)).toBe(401), AT_ONCE);
      await isOver(laptop);
      await isOn(first);
      expect((await sessionsOf(first)).data).toHaveLength(1);
    } finally {
      await product.redis.start();
    }
    const again = await succeed<RegisteredBody>(`${v1()}/auth/refresh`, {
      body: { refresh_token: first.refresh_token },
    });
    await succeed(`${v1()}/auth/logout/all`, { method: 'POST', bearer: again.access_token });
    await eventually(async () => expect(await me(other, { ...first, ...again })).toBe(401));
  });
});
