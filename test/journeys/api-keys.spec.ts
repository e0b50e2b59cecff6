import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { aged } from '../support/aged-session.js';
import { eventually } from '../support/eventually.js';
import {
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  type RegisteredBody,
  type SeatBody,
  signUp,
  succeed,
} from '../support/person.js';
import {
  ASSERTION_TYPE,
  askToken,
  basic,
  clientAssertion,
  guessedKey,
  reads,
  type ServiceAccountBody,
  serviceAccountsOf,
} from '../support/service-accounts.js';
import { BASE_URL, REVOKED_MS, SCOPES, serviceWorld } from '../support/service-world.js';

const world = serviceWorld();
const { product, made, everywhere, isGood, isOver, refusalOf } = world;

describe('an API key (S2-63)', () => {
  it('is made and handed on by who has shown just now who they are, or by a service', async () => {
    const [account, key] = await made();
    const { access_token: bearer } = await aged(product, await signUp(product.api.url));
    const late = serviceAccountsOf(product.api.url, bearer);
    await expect(late.create(SCOPES)).rejects.toThrow('REAUTHENTICATION_REQUIRED');
    const own = (await aged(product, world.ada)).access_token;
    const path = `/auth/service-accounts/${account.id}`;
    for (const [method, at, body] of [
      ['POST', `${path}/keys`, { name: 'Late' }],
      ['POST', `${path}/keys/${key.id}/rotate`, {}],
      ['PATCH', path, { name: 'Late' }],
      // A route that looks at no password takes none.
      ['POST', `${path}/enable`, { password: 'velvet otter marches nine' }],
    ] as const)
      expect(await refusalOf(at, { method, bearer: own, body })).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect((await call(`${product.v1}${path}`, { bearer: own })).status).toBe(200);
  });

  it('is made by nobody whose address is not proved: a program would do for them what they may not (S2-40)', async () => {
    const { access_token: bearer } = await succeed<RegisteredBody>(`${product.v1}/auth/register`, {
      body: { email: newEmail(), password: PASSWORD, organization_name: 'Acme' },
    });
    const one = '/auth/service-accounts/svc_01k9zq6mwee4rr8q3fjz6c1v2d';
    const key = `${one}/keys/key_01k9zq6mwee4rr8q3fjz6c1v2d`;
    for (const [method, at, body] of [
      ['POST', '/auth/service-accounts', { name: 'Robot', scopes: ['seats:acquire'] }],
      ['PATCH', one, { name: 'Robot' }],
      ['POST', `${one}/enable`, undefined],
      ['POST', `${one}/keys`, { name: 'Robot' }],
      ['POST', `${key}/rotate`, {}],
    ] as const)
      expect([at, ...(await refusalOf(at, { method, bearer, body }))]).toEqual([
        at,
        403,
        'EMAIL_NOT_VERIFIED',
      ]);
    // What ends something needs no proof.
    expect(await refusalOf(key, { method: 'DELETE', bearer })).toEqual([404, 'NOT_FOUND']);
  });

  it('is shown once, opens what its scopes say, and says who is calling', async () => {
    const [account, { key, id, hint }] = await made();
    expect(account).toMatchObject({
      status: 'active',
      scopes: ['audit:read', 'licenses:read'],
      created_by: { type: 'user', id: world.ada.user.id },
    });
    expect(key).toMatch(/^gh_key_test_[0-9A-Za-z]{92}$/);
    expect(key.endsWith(hint)).toBe(true);
    await isGood(key);
    const listed = await call(`${world.accounts.root}/${account.id}/keys`, {
      bearer: world.ada.access_token,
    });
    expect(JSON.stringify(listed.body)).toContain(id);
    expect(JSON.stringify(listed.body)).not.toContain(key.slice(-92));

    const me = await succeed(`${product.v1}/auth/me`, { bearer: key });
    expect(me).toEqual({
      service_account: { id: account.id, name: 'Nightly report' },
      tenant: expect.objectContaining({ id: world.ada.tenant.id }),
      scopes: ['audit:read', 'licenses:read'],
      plan: 'FREE',
    });
    expect((await call(`${product.v1}/audit`, { bearer: key })).status).toBe(200);
    expect(await refusalOf('/auth/service-accounts', { bearer: key })).toEqual([403, 'MISSING_SCOPE']);
    const mine = { 'x-tenant-id': world.ada.tenant.id };
    expect((await call(`${product.v1}/licenses`, { bearer: key, headers: mine })).status).toBe(200);
    const foreign = { 'x-tenant-id': world.mallory.tenant.id };
    expect(await refusalOf('/licenses', { bearer: key, headers: foreign })).toEqual([403, 'TENANT_MISMATCH']);
  });

  it('is refused what needs a person, clearly', async () => {
    const [, { key: bearer }] = await made();
    for (const [method, path] of [
      ['GET', '/auth/sessions'],
      ['POST', '/auth/logout/all'],
      ['POST', '/auth/logout/others'],
      ['POST', '/auth/mfa/totp/enroll'],
    ] as const)
      expect(await refusalOf(path, { method, bearer, body: method === 'POST' ? {} : undefined })).toEqual([
        403,
        'PERSON_REQUIRED',
      ]);
  });

  it('takes a seat, and costs no look at it once it is known', async () => {
    const [, { key: bearer }] = await made(['seats:acquire']);
    const v1 = `${world.other.url}/api/v1/licenses`;
    const round = async () => {
      const { session_id } = await succeed<SeatBody>(`${v1}/acquire`, {
        bearer,
        body: { hardware_id: 'robot' },
      });
      await succeed(`${v1}/release`, { method: 'DELETE', body: { session_id } });
    };
    await round();
    await product.query('create extension if not exists pg_stat_statements');
    const looks = async () => {
      const rows = await product.query<{ calls: number }>(
        `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements s join pg_database d on d.oid = s.dbid
         where d.datname = current_database() and query like '%service_account_tokens k%'`,
      );
      return rows[0]!.calls;
    };
    const before = await looks();
    expect(before).toBeGreaterThan(0);
    for (let i = 0; i < 10; i++) await round();
    expect(await looks()).toBe(before);
  });

  it('can do no more than its maker, its account and its scopes', async () => {
    const [account, { key: narrow }] = await made(SCOPES, { scopes: ['audit:read'] });
    expect(await reads(product.api.url, narrow)).toBe(403);
    const bearer = world.ada.access_token;
    expect(
      await refusalOf('/auth/service-accounts', { bearer, body: { name: 'x', scopes: ['roles:manage'] } }),
    ).toEqual([403, 'MISSING_SCOPE']);
    expect(
      await refusalOf(`/auth/service-accounts/${account.id}/keys`, {
        bearer,
        body: { name: 'x', scopes: ['seats:acquire'] },
      }),
    ).toEqual([422, 'SCOPE_NOT_GRANTED']);

    // Whoever manages, and has nothing else, hands on nothing else: neither by a key nor by a public key.
    const [, { key: manager }] = await made(['service_accounts:manage']);
    const { publicKey } = generateKeyPairSync('ed25519');
    for (const [method, path, body] of [
      ['POST', '', { name: 'x', scopes: SCOPES }],
      ['POST', `/${account.id}/keys`, { name: 'x' }],
      ['PATCH', `/${account.id}`, { jwks: { keys: [publicKey.export({ format: 'jwk' })] } }],
    ] as const)
      expect(await refusalOf(`/auth/service-accounts${path}`, { method, bearer: manager, body })).toEqual([
        403,
        'MISSING_SCOPE',
      ]);
    await isGood((await world.accounts.createKey(account.id)).key);
  });

  it('loses what its account loses, in every process', async () => {
    const [{ id }, { key }] = await made();
    await isGood(key);
    await world.accounts.change(id, { scopes: ['audit:read'] });
    await eventually(async () => {
      for (const api of everywhere()) expect(await reads(api, key)).toBe(403);
    });
    await world.accounts.change(id, { scopes: SCOPES });
    await eventually(() => isGood(key));
  });

  it('ends when it expires, without anybody’s doing', async () => {
    const [, { key }] = await made(SCOPES, { expires_at: new Date(Date.now() + 8_000).toISOString() });
    await isGood(key);
    await isOver(key, 30_000);
    const past = { name: 'x', expires_at: '2020-01-01T00:00:00Z' };
    const [account] = await made();
    expect(
      await refusalOf(`/auth/service-accounts/${account.id}/keys`, {
        bearer: world.ada.access_token,
        body: past,
      }),
    ).toEqual([422, 'EXPIRY_PASSED']);
  });

  it('is rotated with an overlap: both work, then only the new one', async () => {
    const [{ id }, old] = await made();
    const fresh = await world.accounts.rotate(id, old.id, { overlap_seconds: 8 });
    expect(fresh.replaces).toMatchObject({ id: old.id, status: 'active', replaced_by: fresh.id });
    expect(fresh.scopes).toEqual(old.scopes);
    for (const { key } of [old, fresh]) await isGood(key);
    await isOver(old.key, 30_000);
    await isGood(fresh.key);
    const bearer = world.ada.access_token;
    expect(
      await refusalOf(`/auth/service-accounts/${id}/keys/${old.id}/rotate`, { bearer, body: {} }),
    ).toEqual([409, 'API_KEY_ENDED']);
    expect((await world.accounts.keys(id)).map((one) => [one.id, one.status])).toEqual([
      [fresh.id, 'active'],
      [old.id, 'expired'],
    ]);
  });

  it('is revoked, and every process refuses it; the other one goes on', async () => {
    const [{ id }, { key, id: keyId }] = await made();
    const spare = await world.accounts.createKey(id);
    await Promise.all([isGood(key), isGood(spare.key)]);
    expect(await world.accounts.revoke(id, keyId)).toEqual({ status: 'revoked' });
    expect(await reads(product.api.url, key)).toBe(401);
    await isOver(key, REVOKED_MS);
    await isGood(spare.key);
    expect(await world.accounts.revoke(id, keyId)).toEqual({ status: 'revoked' });
  });

  it('is revoked by whoever finds it (POST /oauth/revoke), also while its account is disabled', async () => {
    const [{ id }, { key }] = await made();
    await isGood(key);
    await world.accounts.turn(id, 'disable');
    await isOver(key);
    const revoke = () =>
      fetch(`${world.other.url}/oauth/revoke`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token: key }).toString(),
      });
    expect((await revoke()).status).toBe(200);
    expect((await revoke()).status).toBe(200);
    await world.accounts.turn(id, 'enable');
    expect((await world.accounts.keys(id)).map((one) => one.status)).toEqual(['revoked']);
    await isOver(key);
  });

  it('ends for a while with its account, and for good with its deletion', async () => {
    const [{ id }, { key }] = await made();
    await isGood(key);
    expect(await world.accounts.turn(id, 'disable')).toMatchObject({ status: 'disabled' });
    await isOver(key);
    await world.accounts.turn(id, 'enable');
    await eventually(() => isGood(key));
    const bearer = world.ada.access_token;
    await succeed(`${world.accounts.root}/${id}`, { method: 'DELETE', bearer });
    await isOver(key);
    expect(await refusalOf(`/auth/service-accounts/${id}`, { bearer })).toEqual([404, 'NOT_FOUND']);
  });

  it('is the same 401 in every other form, and tells when it was used', async () => {
    const [{ id }, { key }] = await made();
    const unknown = await made();
    await succeed(`${world.accounts.root}/${unknown[0].id}`, {
      method: 'DELETE',
      bearer: world.ada.access_token,
    });
    const bodies = new Set<string>();
    for (const bearer of [
      key.slice(0, -1),
      `${key}0`,
      key.replace('test', 'live'),
      'gh_key_',
      unknown[1].key,
    ]) {
      const { status, body } = await call<ErrorBody>(`${product.v1}/licenses`, { bearer });
      bodies.add(`${status} ${body.error.code} ${body.error.message}`);
    }
    expect([...bodies]).toEqual(['401 UNAUTHENTICATED Authentication is required.']);
    await isGood(key);
    await eventually(async () => {
      const [listed] = await world.accounts.keys(id);
      const account = await succeed<ServiceAccountBody>(`${world.accounts.root}/${id}`, {
        bearer: world.ada.access_token,
      });
      expect([listed!.last_used_at, account.last_used_at]).toEqual([expect.any(String), expect.any(String)]);
    });
  });
});

describe('a process with another pepper, and few guesses', () => {
  it('takes the keys of before, makes its own, and slows down who guesses', async () => {
    const [{ id }, { key }] = await made();
    const [, old] = product.env.AUTH_API_KEY_PEPPER!.split(':');
    const late = await product.startApi({
      AUTH_API_KEY_PEPPER: `2:${randomBytes(32).toString('base64')},1:${old}`,
      LIMIT_GUESSES_ADDRESS: '3',
    });
    expect(await reads(late.url, key)).toBe(200);
    const { key: fresh } = await serviceAccountsOf(late.url, world.ada.access_token).createKey(id);
    expect(await reads(late.url, fresh)).toBe(200);
    expect(await reads(product.api.url, fresh)).toBe(401);

    const guesses: number[] = [];
    for (let i = 0; i < 6; i++) guesses.push(await reads(late.url, guessedKey(key)));
    // Those at the other processes count as well: one of the first three may be refused already.
    expect(guesses.slice(3)).toEqual([429, 429, 429]);
    expect(
      (await askToken(late.url, { grant_type: 'client_credentials' }, basic(id, guessedKey(key)))).status,
    ).toBe(429);
    // Who has a key that is known here guesses nothing.
    expect(await reads(late.url, key)).toBe(200);
    expect(await reads(late.url, `${key.slice(0, -1)}!`)).toBe(401);
    await late.stop();
  });
});

describe('while Redis is away', () => {
  it('keys work and are revoked, and what must be used once is answered 503', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const account = await world.accounts.create(SCOPES, {
      jwks: { keys: [publicKey.export({ format: 'jwk' })] },
    });
    const { key, id: keyId } = await world.accounts.createKey(account.id);
    await product.redis.kill();
    try {
      await isGood(key);
      const answer = await askToken(product.api.url, {
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: clientAssertion(privateKey, account.id, BASE_URL),
      });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      await world.accounts.revoke(account.id, keyId);
      await isOver(key);
    } finally {
      await product.redis.start();
    }
  });
});
