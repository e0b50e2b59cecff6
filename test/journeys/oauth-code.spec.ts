import { createHash } from 'node:crypto';
import { aged } from '../support/aged-session.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { joins } from '../support/memberships.js';
import { promised } from '../support/patience.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  PASSWORD,
  payloadOf,
  refusal,
  type RegisteredBody,
  signUpByPassword,
  succeed,
} from '../support/person.js';
import type { ProductProcess } from '../support/product.js';
import {
  actorOf,
  answersOf,
  authorize,
  authorizeQuery,
  CLIENT,
  pkce,
  type ProgramTokens,
  REDIRECT,
  redeem,
} from '../support/programs.js';
import { askToken } from '../support/service-accounts.js';
import { connected } from '../support/tables.js';

const product = journeyProduct({ AUTH_SIGNUP_QUOTA: '1000' });
let other: ProductProcess;
let pages: Awaited<ReturnType<typeof answersOf>>;
beforeAll(async () => {
  [other, pages] = await Promise.all([product.startApi(), answersOf(product)]);
});
afterAll(() => pages?.app.close());

const AT_ONCE = { withinMs: promised(2_000) };
interface Claims {
  sid: string;
  amr: string[];
  auth_time: number;
  tenant_id: string;
}
const claimsOf = ({ access_token: token }: Pick<RegisteredBody, 'access_token'>) => payloadOf<Claims>(token);
const statuses = ({ access_token: bearer }: Pick<RegisteredBody, 'access_token'>) =>
  Promise.all(
    [product.api, other].map(async (api) => (await call(`${api.url}/api/v1/auth/me`, { bearer })).status),
  );
const refresh = (one: Pick<ProgramTokens, 'refresh_token'>) =>
  askToken(product.api.url, {
    ...{ grant_type: 'refresh_token', client_id: CLIENT, refresh_token: one.refresh_token },
  });
const cause = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: { status: number; code: string }) => [error.status, error.code],
  );

/** Asks for a code; gives the request as its browser brings it to the consent page. */
async function asked(change: Record<string, string> = {}) {
  const { verifier, challenge } = pkce();
  const query = { ...authorizeQuery(challenge), ...change };
  const { status, location, browser } = await authorize(product.api.url, query);
  expect([status, location?.pathname, browser]).toEqual([302, '/consent', expect.any(String)]);
  return { request: { request: location?.searchParams.get('request') ?? '', browser }, verifier };
}

/** A code that somebody has let a program have. */
async function approved(by: RegisteredBody, change: Record<string, string> = {}) {
  const { request, verifier } = await asked(change);
  const url = new URL(await pages.program.approve({ actor: actorOf(by) }, request));
  return { code: url.searchParams.get('code') ?? '', verifier, url };
}

describe('a program with a browser: authorization code and PKCE (S1-56, C40)', () => {
  it('is told to a person, and gets a session of its own, as they signed in', async () => {
    const ada = await signUpByPassword(product.api.url);
    const { request, verifier } = await asked();
    const told = await pages.program.describe(actorOf(ada), request);
    expect(told).toMatchObject({
      program: { id: CLIENT, name: 'Gatehouse CLI' },
      deviceName: 'Ada’s laptop',
      address: '127.0.0.1',
      account: { email: ada.user.email, tenant: { id: ada.tenant.id } },
    });
    const url = new URL(await pages.program.approve({ actor: actorOf(ada) }, request));
    expect(url.href.startsWith(`${REDIRECT}?`)).toBe(true);
    const { code = '', ...rest } = Object.fromEntries(url.searchParams);
    expect(rest).toEqual({ state: 'xyz-123', iss: 'http://127.0.0.1' });

    const { status, body } = await redeem(product.api.url, { code, verifier });
    expect([status, body.token_type, body.expires_in]).toEqual([200, 'Bearer', 3600]);
    const [mine, its] = [claimsOf(ada), claimsOf(body)];
    expect([its.amr, its.tenant_id]).toEqual([mine.amr, mine.tenant_id]);
    // To the program nobody has shown who they are: not before they do may it do what is dangerous.
    expect(its.auth_time).toBe(0);
    const dangerous = (bearer: string) =>
      call<ErrorBody>(`${product.v1}/tenant/exports`, { method: 'POST', bearer });
    expect(refusal(await dangerous(body.access_token))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect(refusal(await dangerous((await refresh(body)).body.access_token))).toEqual([
      403,
      'REAUTHENTICATION_REQUIRED',
    ]);
    const { access_token: shown } = await succeed<RegisteredBody>(`${product.v1}/auth/reauthenticate`, {
      bearer: body.access_token,
      body: { password: PASSWORD },
    });
    expect((await dangerous(shown)).status).toBe(202);
    expect(its.sid).not.toBe(mine.sid);
    const bearer = body.access_token;
    const { data } = await succeed<{ data: object[] }>(`${product.v1}/auth/sessions`, { bearer });
    expect(data[0]).toMatchObject({ id: its.sid, current: true, device_name: 'Ada’s laptop' });
    expect((await refresh(body)).body.access_token).toEqual(expect.any(String));
    await eventually(async () => {
      const trail = await succeed<AuditBody>(`${product.v1}/audit?action=PROGRAM_AUTHORIZED`, { bearer });
      expect(trail.data.map(({ subject, metadata }) => [subject, metadata.how])).toEqual([[CLIENT, 'code']]);
    });

    // Neither goes with the other.
    await succeed(`${product.v1}/auth/logout`, { body: { refresh_token: ada.refresh_token } });
    await eventually(async () => expect(await statuses(ada)).toEqual([401, 401]), AT_ONCE);
    expect(await statuses(body)).toEqual([200, 200]);
  });

  it('is nothing that can be written into Redis, nor put in the place of another', async () => {
    const [ada, mallory] = await Promise.all([1, 2].map(() => signUpByPassword(product.api.url)));
    const redis = product.redisClient();
    const placeOf = (code: string) =>
      `auth:nonce:code:${createHash('sha256').update(code).digest('base64url')}`;
    const { verifier, challenge } = pkce();
    // Mallory has made both requests, and Ada has let one of them in.
    const [hers, own] = await Promise.all(
      [ada!, mallory!].map(async (by) => {
        const { request } = await asked({ code_challenge: challenge });
        const back = new URL(await pages.program.approve({ actor: actorOf(by) }, request));
        return back.searchParams.get('code') ?? '';
      }),
    );
    const { sid, tenant_id } = claimsOf(ada!);
    const approval = { userId: ada!.user.id, tenantId: tenant_id, sessionId: sid };
    const forged = { clientId: CLIENT, redirectUri: REDIRECT, challenge, deviceName: null, approval };
    const kept = await redis.hget(placeOf(hers!), 'code');
    expect(kept).not.toContain(ada!.user.id);
    for (const record of [JSON.stringify(forged), kept ?? '']) {
      await redis.hset(placeOf(own!), 'code', record);
      const { status, body } = await redeem(product.api.url, { code: own!, verifier });
      expect([status, body.error]).toEqual([400, 'invalid_grant']);
    }
    expect((await redeem(product.api.url, { code: hers!, verifier })).status).toBe(200);
  });

  it('goes to a loopback address alone, whatever the port, and nowhere where either is not known', async () => {
    for (const redirect_uri of ['http://127.0.0.1:40123/callback', 'http://[::1]:9/callback'])
      expect((await asked({ redirect_uri })).request.request).toMatch(/^areq_/);
    const { challenge } = pkce();
    for (const [change, error] of [
      [{ redirect_uri: 'http://localhost:8787/callback' }, 'invalid_request'],
      [{ redirect_uri: 'https://evil.example/callback' }, 'invalid_request'],
      [{ redirect_uri: 'http://127.0.0.1:8787/elsewhere' }, 'invalid_request'],
      [{ redirect_uri: 'http://127.0.0.1@evil.example/callback' }, 'invalid_request'],
      [{ redirect_uri: '' }, 'invalid_request'],
      [{ client_id: 'somebody' }, 'invalid_client'],
      [{ client_id: '' }, 'invalid_client'],
    ] as const) {
      const answer = await authorize(product.api.url, { ...authorizeQuery(challenge), ...change });
      expect([change, answer]).toEqual([
        change,
        { status: 400, location: null, error, browser: expect.anything() },
      ]);
    }
    const twice = `${new URLSearchParams(authorizeQuery(challenge)).toString()}&redirect_uri=http://[::1]/callback`;
    expect(await authorize(product.api.url, twice)).toMatchObject({ status: 400, location: null });
  });

  it.each([
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_type: '' }, 'unsupported_response_type'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge_method: null }, 'invalid_request'],
    [{ code_challenge: null }, 'invalid_request'],
    [{ code_challenge: 'short' }, 'invalid_request'],
    [{ state: null }, 'invalid_request'],
    [{ device_name: 'two\nlines' }, 'invalid_request'],
  ] as const)('tells the program what is wrong with %j', async (change, error) => {
    const query = { ...authorizeQuery(pkce().challenge), ...change } as Record<string, string | null>;
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== null);
    const { status, location } = await authorize(product.api.url, Object.fromEntries(given));
    expect([status, `${location?.origin}${location?.pathname}`]).toEqual([302, REDIRECT]);
    expect(Object.fromEntries(location?.searchParams ?? [])).toMatchObject({
      error,
      iss: 'http://127.0.0.1',
      ...('state' in change ? {} : { state: 'xyz-123' }),
    });
  });

  it('is refused, and told so', async () => {
    const ada = await signUpByPassword(product.api.url);
    const { request } = await asked();
    const url = new URL(await pages.program.deny(request));
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ error: 'access_denied', state: 'xyz-123' });
    for (const again of [
      pages.program.approve({ actor: actorOf(ada) }, request),
      pages.program.describe(actorOf(ada), request),
      pages.program.deny(request),
    ])
      expect(await cause(again)).toEqual([404, 'NOT_FOUND']);
  });

  it('is answered in the browser that it was begun in, and in no other', async () => {
    const [ada, mallory] = await Promise.all([1, 2].map(() => signUpByPassword(product.api.url)));
    const { request } = await asked();
    const hers = (await asked()).request.browser;
    for (const browser of [null, hers, request.request]) {
      const brought = { request: request.request, browser };
      for (const answer of [
        pages.program.describe(actorOf(ada!), brought),
        pages.program.approve({ actor: actorOf(ada!) }, brought),
        pages.program.deny(brought),
      ])
        expect(await cause(answer)).toEqual([404, 'NOT_FOUND']);
    }
    // None of that has spoilt it for whose it is.
    expect(await cause(pages.program.approve({ actor: actorOf(mallory!) }, request))).toBeNull();
  });

  it('is answered by who has the session, not by an access token that was shown around', async () => {
    const fresh = await signUpByPassword(product.api.url);
    const ada = await aged(product, fresh);
    const [first, second] = [await asked(), await asked()];
    const by = { actor: actorOf(ada) };
    const stranger = (await signUpByPassword(product.api.url)).refresh_token;
    for (const refreshToken of [null, stranger])
      expect(await cause(pages.program.approve({ ...by, refreshToken }, first.request))).toEqual([
        403,
        'REAUTHENTICATION_REQUIRED',
      ]);
    const { refresh_token: refreshToken } = ada;
    const back = new URL(await pages.program.approve({ ...by, refreshToken }, first.request));
    const code = back.searchParams.get('code') ?? '';
    const { body } = await redeem(product.api.url, { code, verifier: first.verifier });
    // And a program lets no other in: what it may do for its person, it may do while they let it.
    const program = { actor: actorOf(body), refreshToken: body.refresh_token };
    expect(await cause(pages.program.approve(program, second.request))).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('is answered once, however many answer', async () => {
    const ada = await signUpByPassword(product.api.url);
    const { request } = await asked();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => cause(pages.program.approve({ actor: actorOf(ada) }, request))),
    );
    expect(answers.filter((one) => one === null)).toHaveLength(1);
    expect(new Set(answers.filter((one) => one !== null).flat())).toEqual(new Set([404, 'NOT_FOUND']));
  });

  it('redeems a code with what it was asked with, and with nothing else', async () => {
    const ada = await signUpByPassword(product.api.url);
    const { code, verifier } = await approved(ada);
    for (const [change, error] of [
      [{ verifier: pkce().verifier }, 'invalid_grant'],
      [{ verifier: pkce().challenge.slice(1) }, 'invalid_request'],
      [{ redirect_uri: 'http://127.0.0.1:8788/callback' }, 'invalid_grant'],
      [{ redirect_uri: '' }, 'invalid_request'],
      [{ code: `${code}x` }, 'invalid_grant'],
      [{ client_id: 'somebody' }, 'invalid_client'],
      [{ client_id: 'svc_01k9zq6mwee4rr8q3fjz6c1v2d' }, 'unauthorized_client'],
      [{ client_secret: 'secret' }, 'invalid_client'],
    ] as const) {
      const {
        code: otherCode = code,
        verifier: otherVerifier = verifier,
        ...fields
      } = change as Record<string, string>;
      const answer = await redeem(product.api.url, { code: otherCode, verifier: otherVerifier }, fields);
      expect([change, answer.body.error]).toEqual([change, error]);
    }
    // None of that has spoilt it.
    expect((await redeem(other.url, { code, verifier })).status).toBe(200);
  });

  it('leaves no session to anybody where a code is brought many times at once', async () => {
    const ada = await signUpByPassword(product.api.url);
    const { code, verifier } = await approved(ada);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => redeem([product.api, other][i % 2]!.url, { code, verifier })),
    );
    // One was first, and has its answer or not; nobody knows who it was.
    expect(answers.filter((one) => one.status !== 400).length).toBeLessThanOrEqual(1);
    const rows = await product.query<{ id: string; end_reason: string | null }>(
      'select id, end_reason from identity.auth_sessions where user_id = $1',
      [ada.user.id],
    );
    expect(rows.map((one) => one.end_reason).sort()).toEqual(['code_replayed', null]);
    expect(rows.find((one) => one.end_reason === null)?.id).toBe(claimsOf(ada).sid);
    expect(await statuses(ada)).toEqual([200, 200]);
  });

  it('leaves none either where it comes again while the first is still at it', async () => {
    const ada = await signUpByPassword(product.api.url);
    const { code, verifier } = await approved(ada);
    const held = await connected(product.database.ownerUrl);
    try {
      await held.query('begin');
      const { rows: at } = await held.query<{ pid: number }>(
        'select pg_backend_pid() as pid from identity.users where id = $1 for update',
        [ada.user.id],
      );
      const first = redeem(product.api.url, { code, verifier });
      const waiting = 'select 1 from pg_stat_activity where $1 = any (pg_blocking_pids(pid))';
      await eventually(async () => expect(await product.query(waiting, [at[0]?.pid])).toHaveLength(1));
      expect((await redeem(other.url, { code, verifier })).body.error).toBe('invalid_grant');
      await held.query('rollback');
      expect((await first).body.error).toBe('invalid_grant');
    } finally {
      await held.end();
    }
    const alive = await product.query(
      'select id from identity.auth_sessions where user_id = $1 and ended_at is null',
      [ada.user.id],
    );
    expect(alive).toEqual([{ id: claimsOf(ada).sid }]);
  });

  it('loses it when the code comes a second time (RFC 6749, 4.1.2)', async () => {
    const ada = await signUpByPassword(product.api.url);
    const { code, verifier } = await approved(ada);
    const { body } = await redeem(product.api.url, { code, verifier });
    expect((await redeem(other.url, { code, verifier })).body.error).toBe('invalid_grant');
    await eventually(async () => expect(await statuses(body)).toEqual([401, 401]), AT_ONCE);
    expect((await refresh(body)).body.error).toBe('invalid_grant');
    const rows = await product.query('select end_reason from identity.auth_sessions where id = $1', [
      claimsOf(body).sid,
    ]);
    expect(rows).toEqual([{ end_reason: 'code_replayed' }]);
    expect(await statuses(ada)).toEqual([200, 200]);
  });

  it('takes along what the first who brought it has derived meanwhile, in whichever organisation', async () => {
    const [ada, acme] = [await signUpByPassword(product.api.url), await signUpByPassword(product.api.url)];
    await joins(product, ada, acme);
    const { code, verifier } = await approved(ada);
    const { body: thief } = await redeem(product.api.url, { code, verifier });
    const to = (one: Pick<ProgramTokens, 'access_token' | 'refresh_token'>, { tenant }: RegisteredBody) =>
      succeed<RegisteredBody>(`${product.v1}/auth/switch`, {
        bearer: one.access_token,
        body: { tenant_id: tenant.id, refresh_token: one.refresh_token },
      });
    const elsewhere = await to(thief, acme);
    const back = await to(elsewhere, ada);
    const own = await to(ada, acme);
    expect((await redeem(other.url, { code, verifier })).body.error).toBe('invalid_grant');
    const taken = [thief, elsewhere, back];
    const alive = await product.query(
      'select id from identity.auth_sessions where id = any ($1) and ended_at is null',
      [taken.map((one) => claimsOf(one).sid)],
    );
    expect(alive).toEqual([]);
    await eventually(async () => {
      for (const one of taken) expect(await statuses(one)).toEqual([401, 401]);
    });
    for (const one of taken) expect((await refresh(one)).body.error).toBe('invalid_grant');
    for (const one of [ada, own]) expect(await statuses(one)).toEqual([200, 200]);
  });

  it('gets nothing for a code that has run out, or whose person is signed out or put out meanwhile', async () => {
    const ada = await signUpByPassword(product.api.url);
    const old = await approved(ada);
    const redis = product.redisClient();
    const key = `auth:nonce:code:${createHash('sha256').update(old.code).digest('base64url')}`;
    expect(await redis.exists(key)).toBe(1);
    expect(await redis.ttl(key)).toBeLessThanOrEqual(60);
    // Redis holds no code that works.
    expect(JSON.stringify(await redis.hgetall(key))).not.toContain(old.code);
    await redis.del(...(await redis.keys('auth:nonce:code:*')));
    expect((await redeem(product.api.url, old)).body.error).toBe('invalid_grant');

    const late = await approved(ada);
    await succeed(`${product.v1}/auth/logout`, { body: { refresh_token: ada.refresh_token } });
    expect((await redeem(product.api.url, late)).body.error).toBe('invalid_grant');
    const { request } = await asked();
    expect(await cause(pages.program.approve({ actor: actorOf(ada) }, request))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);

    const eve = await signUpByPassword(product.api.url);
    const hers = await approved(eve);
    await product.admin('tenant', 'suspend', eve.tenant.id, '--reason', 'a test');
    expect((await redeem(product.api.url, hers)).body.error).toBe('invalid_grant');
  });
});
