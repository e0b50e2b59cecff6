import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { aged } from '../support/aged-session.js';
import { eventually } from '../support/eventually.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  type RegisteredBody,
  type SeatBody,
  signUp,
  succeed,
} from '../support/person.js';
import { type Product, type ProductProcess, startProduct } from '../support/product.js';
import {
  type ApiKeyBody,
  ASSERTION_TYPE,
  askToken,
  basic,
  clientAssertion,
  guessedKey,
  hmacAssertion,
  reads,
  type ServiceAccountBody,
  serviceAccountsOf,
} from '../support/service-accounts.js';
import { startVault, type VaultServer } from '../support/vault.js';

/** As the audience of what is signed; see startProduct. */
const BASE_URL = 'http://127.0.0.1';
const SCOPES = ['licenses:read', 'audit:read'];

let product: Product;
/** Takes requests that Vault has signed; the first one takes those of a file. */
let other: ProductProcess;
let vault: VaultServer;
let directory: string;
let admin: pg.Client;
let ada: RegisteredBody;
let mallory: RegisteredBody;
let accounts: ReturnType<typeof serviceAccountsOf>;

beforeAll(async () => {
  vault = await startVault();
  await vaultPost('keys/issue', { type: 'ed25519' });
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-issue-'));
  const file = join(directory, 'issue.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }));

  product = await startProduct({ AUTH_ISSUE_KEY_PATH: file });
  other = await product.startApi({
    AUTH_ISSUE_KEY_PATH: '',
    AUTH_ISSUE_VAULT_KEY: 'issue',
    AUTH_ISSUE_VAULT_ADDR: vault.url.href,
    AUTH_ISSUE_VAULT_TOKEN: vault.token,
  });
  admin = new pg.Client({ connectionString: product.database.adminUrl });
  await admin.connect();
  await admin.query('create extension if not exists pg_stat_statements');
  [ada, mallory] = await Promise.all([signUp(product.api.url), signUp(product.api.url)]);
  accounts = serviceAccountsOf(product.api.url, ada.access_token);
}, 180_000);
afterAll(async () => {
  await admin?.end();
  await product?.stop();
  await vault?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

async function vaultPost(path: string, body: object): Promise<{ data: { signature: string } }> {
  const response = await fetch(new URL(`/v1/transit/${path}`, vault.url), {
    method: 'POST',
    headers: { 'x-vault-token': vault.token, 'x-vault-request': 'true' },
    body: JSON.stringify(body),
  });
  return (response.status === 204 ? {} : await response.json()) as { data: { signature: string } };
}

const everywhere = () => [product.api.url, other.url];
/** Every process takes it. */
async function isGood(bearer: string): Promise<void> {
  for (const api of everywhere()) expect(await reads(api, bearer)).toBe(200);
}
/** Every process comes to refuse it; within so long, if that is promised. */
async function isOver(bearer: string, withinMs?: number): Promise<void> {
  await eventually(
    async () => {
      for (const api of everywhere()) expect(await reads(api, bearer)).toBe(401);
    },
    { withinMs },
  );
}
/** What is revoked is refused by every process within two seconds (S2-63). */
const REVOKED_MS = 2_000;
/** A service account and its key. */
async function made(scopes = SCOPES, key: object = {}): Promise<[ServiceAccountBody, ApiKeyBody]> {
  const account = await accounts.create(scopes);
  return [account, await accounts.createKey(account.id, key)];
}
async function refusalOf(path: string, options: Parameters<typeof call>[1]): Promise<[number, string]> {
  const { status, body } = await call<ErrorBody>(`${product.api.url}/api/v1${path}`, options);
  return [status, body.error.code];
}

describe('an API key (S2-63)', () => {
  it('is made and handed on by who has shown just now who they are, or by a service', async () => {
    const [account, key] = await made();
    const { access_token: bearer } = await aged(product, await signUp(product.api.url));
    const late = serviceAccountsOf(product.api.url, bearer);
    await expect(late.create(SCOPES)).rejects.toThrow('REAUTHENTICATION_REQUIRED');
    const own = (await aged(product, ada)).access_token;
    const path = `/auth/service-accounts/${account.id}`;
    for (const [method, at, body] of [
      ['POST', `${path}/keys`, { name: 'Late' }],
      ['POST', `${path}/keys/${key.id}/rotate`, {}],
      ['PATCH', path, { name: 'Late' }],
      // A route that looks at no password takes none.
      ['POST', `${path}/enable`, { password: 'velvet otter marches nine' }],
    ] as const)
      expect(await refusalOf(at, { method, bearer: own, body })).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect((await call(`${product.api.url}/api/v1${path}`, { bearer: own })).status).toBe(200);
  });

  it('is made by nobody whose address is not proved: a program would do for them what they may not (S2-40)', async () => {
    const { access_token: bearer } = await succeed<RegisteredBody>(
      `${product.api.url}/api/v1/auth/register`,
      {
        body: { email: newEmail(), password: 'velvet otter marches nine', organization_name: 'Acme' },
      },
    );
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
      created_by: { type: 'user', id: ada.user.id },
    });
    expect(key).toMatch(/^gh_key_test_[0-9A-Za-z]{92}$/);
    expect(key.endsWith(hint)).toBe(true);
    await isGood(key);
    const listed = await call(`${accounts.root}/${account.id}/keys`, { bearer: ada.access_token });
    expect(JSON.stringify(listed.body)).toContain(id);
    expect(JSON.stringify(listed.body)).not.toContain(key.slice(-92));

    const me = await succeed(`${product.api.url}/api/v1/auth/me`, { bearer: key });
    expect(me).toEqual({
      service_account: { id: account.id, name: 'Nightly report' },
      tenant: expect.objectContaining({ id: ada.tenant.id }),
      scopes: ['audit:read', 'licenses:read'],
      plan: 'FREE',
    });
    expect((await call(`${product.api.url}/api/v1/audit`, { bearer: key })).status).toBe(200);
    expect(await refusalOf('/auth/service-accounts', { bearer: key })).toEqual([403, 'MISSING_SCOPE']);
    const mine = { 'x-tenant-id': ada.tenant.id };
    expect((await call(`${product.api.url}/api/v1/licenses`, { bearer: key, headers: mine })).status).toBe(
      200,
    );
    const foreign = { 'x-tenant-id': mallory.tenant.id };
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
    const v1 = `${other.url}/api/v1/licenses`;
    const round = async () => {
      const { session_id } = await succeed<SeatBody>(`${v1}/acquire`, {
        bearer,
        body: { hardware_id: 'robot' },
      });
      await succeed(`${v1}/release`, { method: 'DELETE', body: { session_id } });
    };
    await round();
    const looks = async () => {
      const { rows } = await admin.query<{ calls: number }>(
        `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements s
         join pg_database d on d.oid = s.dbid where d.datname = $1 and query like '%service_account_tokens k%'`,
        [new URL(product.database.url).pathname.slice(1)],
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
    const bearer = ada.access_token;
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
    await isGood((await accounts.createKey(account.id)).key);
  });

  it('loses what its account loses, in every process', async () => {
    const [{ id }, { key }] = await made();
    await isGood(key);
    await accounts.change(id, { scopes: ['audit:read'] });
    await eventually(async () => {
      for (const api of everywhere()) expect(await reads(api, key)).toBe(403);
    });
    await accounts.change(id, { scopes: SCOPES });
    await eventually(() => isGood(key));
  });

  it('ends when it expires, without anybody’s doing', async () => {
    const [, { key }] = await made(SCOPES, { expires_at: new Date(Date.now() + 2_000).toISOString() });
    await isGood(key);
    await isOver(key);
    const past = { name: 'x', expires_at: '2020-01-01T00:00:00Z' };
    const [account] = await made();
    expect(
      await refusalOf(`/auth/service-accounts/${account.id}/keys`, { bearer: ada.access_token, body: past }),
    ).toEqual([422, 'EXPIRY_PASSED']);
  });

  it('is rotated with an overlap: both work, then only the new one', async () => {
    const [{ id }, old] = await made();
    const fresh = await accounts.rotate(id, old.id, { overlap_seconds: 2 });
    expect(fresh.replaces).toMatchObject({ id: old.id, status: 'active', replaced_by: fresh.id });
    expect(fresh.scopes).toEqual(old.scopes);
    for (const { key } of [old, fresh]) await isGood(key);
    await isOver(old.key);
    await isGood(fresh.key);
    const bearer = ada.access_token;
    expect(
      await refusalOf(`/auth/service-accounts/${id}/keys/${old.id}/rotate`, { bearer, body: {} }),
    ).toEqual([409, 'API_KEY_ENDED']);
    expect((await accounts.keys(id)).map((one) => [one.id, one.status])).toEqual([
      [fresh.id, 'active'],
      [old.id, 'expired'],
    ]);
  });

  it('is revoked, and every process refuses it; the other one goes on', async () => {
    const [{ id }, { key, id: keyId }] = await made();
    const spare = await accounts.createKey(id);
    await Promise.all([isGood(key), isGood(spare.key)]);
    expect(await accounts.revoke(id, keyId)).toEqual({ status: 'revoked' });
    expect(await reads(product.api.url, key)).toBe(401);
    await isOver(key, REVOKED_MS);
    await isGood(spare.key);
    expect(await accounts.revoke(id, keyId)).toEqual({ status: 'revoked' });
  });

  it('is revoked by whoever finds it (POST /oauth/revoke), also while its account is disabled', async () => {
    const [{ id }, { key }] = await made();
    await isGood(key);
    await accounts.turn(id, 'disable');
    await isOver(key);
    const revoke = () =>
      fetch(`${other.url}/oauth/revoke`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token: key }).toString(),
      });
    expect((await revoke()).status).toBe(200);
    expect((await revoke()).status).toBe(200);
    await accounts.turn(id, 'enable');
    expect((await accounts.keys(id)).map((one) => one.status)).toEqual(['revoked']);
    await isOver(key);
  });

  it('ends for a while with its account, and for good with its deletion', async () => {
    const [{ id }, { key }] = await made();
    await isGood(key);
    expect(await accounts.turn(id, 'disable')).toMatchObject({ status: 'disabled' });
    await isOver(key);
    await accounts.turn(id, 'enable');
    await eventually(() => isGood(key));
    const bearer = ada.access_token;
    await succeed(`${accounts.root}/${id}`, { method: 'DELETE', bearer });
    await isOver(key);
    expect(await refusalOf(`/auth/service-accounts/${id}`, { bearer })).toEqual([404, 'NOT_FOUND']);
  });

  it('is the same 401 in every other form, and tells when it was used', async () => {
    const [{ id }, { key }] = await made();
    const unknown = await made();
    await succeed(`${accounts.root}/${unknown[0].id}`, { method: 'DELETE', bearer: ada.access_token });
    const bodies = new Set<string>();
    for (const bearer of [
      key.slice(0, -1),
      `${key}0`,
      key.replace('test', 'live'),
      'gh_key_',
      unknown[1].key,
    ]) {
      const { status, body } = await call<ErrorBody>(`${product.api.url}/api/v1/licenses`, { bearer });
      bodies.add(`${status} ${body.error.code} ${body.error.message}`);
    }
    expect([...bodies]).toEqual(['401 UNAUTHENTICATED Authentication is required.']);
    await isGood(key);
    await eventually(async () => {
      const [listed] = await accounts.keys(id);
      const account = await succeed<ServiceAccountBody>(`${accounts.root}/${id}`, {
        bearer: ada.access_token,
      });
      expect([listed!.last_used_at, account.last_used_at]).toEqual([expect.any(String), expect.any(String)]);
    });
  });
});

describe('POST /oauth/token (RFC 6749, RFC 7523)', () => {
  const grant = { grant_type: 'client_credentials' };

  it('gives an access token for a key, by the header and by the form', async () => {
    const [{ id }, { key }] = await made();
    for (const [fields, headers] of [
      [grant, basic(id, key)],
      [{ ...grant, client_id: id, client_secret: key }, {}],
    ] as const) {
      const { status, headers: said, body } = await askToken(product.api.url, fields, headers);
      expect([status, said.get('cache-control'), said.get('pragma')]).toEqual([200, 'no-store', 'no-cache']);
      expect(body).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 3_600,
        scope: 'audit:read licenses:read',
      });
      await isGood(body.access_token);
      const claims = JSON.parse(
        Buffer.from(body.access_token.split('.')[1]!, 'base64url').toString(),
      ) as Record<string, unknown>;
      expect(claims).toMatchObject({ sub: id, client_id: id, typ: 'access', tenant_id: ada.tenant.id });
      expect(claims).toMatchObject({ amr: ['client_secret'], scopes: ['audit:read', 'licenses:read'] });
      expect(Object.keys(claims)).not.toContain('sid');
      const me = await succeed<{ service_account: { id: string } }>(`${other.url}/api/v1/auth/me`, {
        bearer: body.access_token,
      });
      expect(me.service_account.id).toBe(id);
    }
  });

  it('gives the scopes that are asked for, and no others', async () => {
    const [{ id }, { key }] = await made();
    const ask = (scope: string) => askToken(product.api.url, { ...grant, scope }, basic(id, key));
    const { body } = await ask('audit:read');
    expect(body.scope).toBe('audit:read');
    expect(await reads(product.api.url, body.access_token)).toBe(403);
    for (const scope of ['seats:acquire', 'audit:read billing:all', ' '])
      expect((await ask(scope)).body.error).toBe('invalid_scope');
  });

  it('refuses in the words of the RFC', async () => {
    const [{ id }, { key }] = await made();
    const [stranger] = await made();
    const known = { ...grant, client_id: id, client_secret: key };
    for (const [fields, headers, status, error] of [
      [{}, {}, 400, 'invalid_request'],
      ['grant_type=client_credentials&grant_type=x', {}, 400, 'invalid_request'],
      [{ ...known, grant_type: 'password' }, {}, 400, 'unsupported_grant_type'],
      [grant, {}, 401, 'invalid_client'],
      [{ ...known, client_id: stranger.id }, {}, 401, 'invalid_client'],
      [
        { ...known, client_secret: key.slice(0, -1) + (key.endsWith('x') ? 'y' : 'x') },
        {},
        401,
        'invalid_client',
      ],
      [{ ...known, client_secret: ada.access_token }, {}, 400, 'invalid_request'],
      [known, basic(id, key), 400, 'invalid_request'],
      [grant, basic(id, 'gh_key_test_nonsense'), 401, 'invalid_client'],
      [grant, { authorization: 'Basic !!' }, 401, 'invalid_client'],
      [grant, { authorization: `Bearer ${key}` }, 401, 'invalid_client'],
    ] as const) {
      const answer = await askToken(product.api.url, fields, headers);
      expect([fields, answer.status, answer.body.error]).toEqual([fields, status, error]);
      expect(answer.headers.get('www-authenticate') !== null).toBe(status === 401);
      expect(Object.keys(answer.body)).toEqual(['error', 'error_description']);
    }
  });

  it('ends what it gave with the credential that it was given for', async () => {
    const [{ id }, { key, id: keyId }] = await made();
    const spare = await accounts.createKey(id);
    const ask = async (secret: string) =>
      (await askToken(product.api.url, grant, basic(id, secret))).body.access_token;
    const token = await ask(key);
    await isGood(token);
    await accounts.revoke(id, keyId);
    await isOver(token, REVOKED_MS);
    const next = await ask(spare.key);
    await eventually(() => isGood(next));
    await accounts.turn(id, 'disable');
    await isOver(next);
    await accounts.turn(id, 'enable');
    expect(await reads(product.api.url, next)).toBe(401);
    await eventually(async () => isGood(await ask(spare.key)));
  });

  it('gives nothing that outlives the key', async () => {
    const [{ id }, { key }] = await made(SCOPES, { expires_at: new Date(Date.now() + 60_000).toISOString() });
    const { body } = await askToken(product.api.url, grant, basic(id, key));
    expect(body.expires_in).toBeLessThanOrEqual(60);
  });

  it('takes private_key_jwt once, from the key that is registered, for this server', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' });
    const account = await accounts.create(SCOPES, { jwks: { keys: [jwk] } });
    const kid = account.jwks.keys[0]!.kid;
    const ask = (client_assertion: string, api = product.api.url) =>
      askToken(api, { ...grant, client_assertion_type: ASSERTION_TYPE, client_assertion });
    const token = `${BASE_URL}/oauth/token`;
    const now = Math.floor(Date.now() / 1000);
    const signed = (header: object = {}, claims: object = {}, by = privateKey) =>
      clientAssertion(by, account.id, token, { header, claims });

    const good = signed({ kid });
    const first = await ask(good);
    expect([first.status, first.body.scope]).toEqual([200, 'audit:read licenses:read']);
    await isGood(first.body.access_token);
    expect((await ask(signed({}, { aud: [BASE_URL, 'x'] }))).status).toBe(200);
    // Used up, also at the other process.
    for (const api of everywhere()) expect((await ask(good, api)).body.error).toBe('invalid_client');

    const stranger = await accounts.create(SCOPES);
    const pem = String(publicKey.export({ format: 'pem', type: 'spki' }));
    for (const [what, assertion] of [
      ['another audience', signed({}, { aud: 'https://elsewhere.example/oauth/token' })],
      ['no audience', signed({}, { aud: undefined })],
      ['alg none', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`],
      ['HS256 under the public key', hmacAssertion(signed(), pem)],
      ['HS256 under its bytes', hmacAssertion(signed(), Buffer.from(jwk.x!, 'base64url'))],
      ['another algorithm', signed({ alg: 'ES256' })],
      ['expired', signed({}, { exp: now - 1 })],
      ['an end too far away', signed({}, { exp: now + 400 })],
      ['not yet', signed({}, { nbf: now + 200 })],
      ['unknown kid', signed({ kid: 'other' })],
      ['a kid that is a path', signed({ kid: '../../etc/passwd' })],
      ['another key', signed({ kid }, {}, generateKeyPairSync('ed25519').privateKey)],
      ['a key brought along', signed({ jwk, crit: ['jwk'] })],
      ['another client', signed({}, { iss: stranger.id, sub: stranger.id })],
      ['another subject', signed({}, { sub: stranger.id })],
      [
        'nobody',
        signed({}, { iss: 'svc_01k9zq6mwee4rr8q3fjz6c1v2d', sub: 'svc_01k9zq6mwee4rr8q3fjz6c1v2d' }),
      ],
      ['no jti', signed({}, { jti: undefined })],
      ['stray characters', `${signed()}!`],
      ['nothing', 'e30.e30.e30'],
    ] as const) {
      const answer = await ask(assertion);
      expect([what, answer.status, answer.body.error]).toEqual([what, 401, 'invalid_client']);
    }

    // The key is taken away, and with it what it was good for.
    await accounts.change(account.id, { jwks: { keys: [] } });
    await isOver(first.body.access_token);
    expect((await ask(signed())).body.error).toBe('invalid_client');
  });

  it('takes one of a hundred equal assertions', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { id } = await accounts.create(SCOPES, { jwks: { keys: [publicKey.export({ format: 'jwk' })] } });
    const client_assertion = clientAssertion(privateKey, id, BASE_URL);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        askToken(everywhere()[i % 2]!, { ...grant, client_assertion_type: ASSERTION_TYPE, client_assertion }),
      ),
    );
    expect(answers.filter((one) => one.status === 200)).toHaveLength(1);
  });

  it('takes no private key, no weak one and no secret as a public key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const { publicKey: weak } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
    for (const jwk of [
      privateKey.export({ format: 'jwk' }),
      weak.export({ format: 'jwk' }),
      { kty: 'oct', k: 'c2VjcmV0' },
      { kty: 'OKP', crv: 'Ed25519' },
      { ...weak.export({ format: 'jwk' }), alg: 'ES256' },
    ])
      expect(
        await refusalOf('/auth/service-accounts', {
          bearer: ada.access_token,
          body: { name: 'x', scopes: SCOPES, jwks: { keys: [jwk] } },
        }),
      ).toEqual([422, 'VALIDATION_FAILED']);
  });

  it('is described where clients look, with what there is', async () => {
    const metadata = await succeed<Record<string, unknown>>(
      `${product.api.url}/.well-known/oauth-authorization-server`,
    );
    expect(metadata).toMatchObject({
      issuer: BASE_URL,
      token_endpoint: `${BASE_URL}/oauth/token`,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      response_types_supported: [],
    });
  });

  it('leaves the tokens of service accounts to their credentials at /oauth/revoke', async () => {
    const [{ id }, { key }] = await made();
    const { body } = await askToken(product.api.url, grant, basic(id, key));
    const answer = await call<{ error: string }>(`${product.api.url}/oauth/revoke`, {
      body: { token: body.access_token },
    });
    expect([answer.status, answer.body.error]).toEqual([400, 'unsupported_token_type']);
    await isGood(body.access_token);
  });
});

describe('POST /auth/service-accounts/issue (S2-48)', () => {
  /** As docs/decisions/service-accounts.md writes it, by hand. */
  async function signedByVault(change: Record<string, unknown> = {}, spoil: Record<string, unknown> = {}) {
    const request = {
      tenant_id: ada.tenant.id,
      name: 'Deployer',
      scopes: ['licenses:read'],
      nonce: randomBytes(18).toString('base64url'),
      issued_at: new Date().toISOString(),
      ...change,
    };
    const lines = [
      'gatehouse service account v1',
      BASE_URL,
      request.tenant_id,
      JSON.stringify(request.name),
      request.scopes.join(' '),
      '-',
      request.nonce,
      request.issued_at,
    ].join('\n');
    const { data } = await vaultPost('sign/issue', { input: Buffer.from(lines).toString('base64') });
    return { ...request, signature: data.signature, ...spoil };
  }
  const issue = (body: unknown, api = other.url) =>
    call<{ service_account: ServiceAccountBody; api_key: ApiKeyBody } & ErrorBody>(
      `${api}/api/v1/auth/service-accounts/issue`,
      { body },
    );

  it('gives a service account with its first key for a signature of Vault, once', async () => {
    const signed = await signedByVault();
    const { status, body } = await issue(signed);
    expect(status).toBe(201);
    expect(body.service_account).toMatchObject({
      name: 'Deployer',
      scopes: ['licenses:read'],
      created_by: { type: 'system', id: 'vault-signature' },
    });
    await isGood(body.api_key.key);
    const again = await issue(signed);
    expect([again.status, again.body.error.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('gives nothing for anything else, with the one 401', async () => {
    const minutes = (count: number) => new Date(Date.now() + count * 60_000).toISOString();
    for (const signed of [
      await signedByVault({}, { scopes: ['licenses:read', 'audit:read'] }),
      await signedByVault({}, { tenant_id: mallory.tenant.id }),
      await signedByVault({}, { nonce: randomBytes(18).toString('base64url') }),
      await signedByVault({}, { signature: 'vault:v1:AAAA' }),
      await signedByVault({}, { signature: `file:v1:${randomBytes(64).toString('base64')}` }),
      await signedByVault({ issued_at: minutes(-5) }),
      await signedByVault({ issued_at: minutes(2) }),
    ]) {
      const { status, body } = await issue(signed);
      expect([status, body.error.code, body.error.message]).toEqual([
        401,
        'UNAUTHENTICATED',
        'Authentication is required.',
      ]);
    }
    // What Vault has signed means nothing where a file signs, and the other way round.
    expect((await issue(await signedByVault(), product.api.url)).status).toBe(401);
    const beyond = await issue(await signedByVault({ scopes: ['operator:tenants'] }));
    expect([beyond.status, beyond.body.error.code]).toEqual([403, 'MISSING_SCOPE']);
    const nowhere = await issue(await signedByVault({ tenant_id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d' }));
    expect(nowhere.status).toBe(404);
    vault.failWith(503);
    const away = await issue(await signedByVaultWhileUp());
    expect([away.status, away.body.error.code]).toEqual([503, 'UNAVAILABLE']);
    vault.failWith(null);
  });
  async function signedByVaultWhileUp() {
    vault.failWith(null);
    const signed = await signedByVault();
    vault.failWith(503);
    return signed;
  }

  it('has a path for developers: a key in a file, and two commands', async () => {
    const about = ['--tenant', ada.tenant.id, '--name', 'Local', '--scopes', 'licenses:read'];
    const signed = await product.admin('service-accounts', 'sign', ...about);
    const file = join(directory, 'request.json');
    writeFileSync(file, signed);
    const issued = await product.admin('service-accounts', 'issue', file);
    const [, id = '', key = ''] = /^(svc_\S+) (gh_key_\S+)\n$/.exec(issued) ?? [];
    await isGood(key);
    expect((await issue(JSON.parse(signed), product.api.url)).status).toBe(401);

    const operated = ['--tenant', ada.tenant.id, '--reason', 'the laptop was lost'];
    await product.admin('service-accounts', 'disable', id, ...operated);
    await isOver(key);
  }, 60_000);
});

describe('the service accounts of another organisation', () => {
  it('are not there', async () => {
    const [{ id }, { id: keyId }] = await made();
    const bearer = mallory.access_token;
    for (const [method, path, body] of [
      ['GET', `/${id}`, undefined],
      ['PATCH', `/${id}`, { name: 'Mine' }],
      ['DELETE', `/${id}`, undefined],
      ['POST', `/${id}/disable`, undefined],
      ['GET', `/${id}/keys`, undefined],
      ['POST', `/${id}/keys`, { name: 'Mine' }],
      ['POST', `/${id}/keys/${keyId}/rotate`, {}],
      ['DELETE', `/${id}/keys/${keyId}`, undefined],
    ] as const)
      expect([path, ...(await refusalOf(`/auth/service-accounts${path}`, { method, bearer, body }))]).toEqual(
        [path, 404, 'NOT_FOUND'],
      );
    const [own] = await made();
    expect(
      await refusalOf(`/auth/service-accounts/${own.id}/keys/${keyId}`, {
        method: 'DELETE',
        bearer: ada.access_token,
      }),
    ).toEqual([404, 'NOT_FOUND']);
    const page = await succeed<{ data: unknown[] }>(`${product.api.url}/api/v1/auth/service-accounts`, {
      bearer,
    });
    expect(page.data).toEqual([]);
  });
});

describe('the list of service accounts', () => {
  it('comes in pages, the newest first', async () => {
    const newest = await accounts.create(SCOPES);
    const second = await accounts.create(SCOPES);
    const bearer = ada.access_token;
    type Page = { data: ServiceAccountBody[]; next_cursor: string };
    const page = await succeed<Page>(`${accounts.root}?limit=1`, { bearer });
    expect(page.data.map((one) => one.id)).toEqual([second.id]);
    const next = await succeed<Page>(`${accounts.root}?limit=1&cursor=${page.next_cursor}`, { bearer });
    expect(next.data.map((one) => one.id)).toEqual([newest.id]);
  });
});

describe('the audit trail', () => {
  it('tells what became of a service account, and who did it', async () => {
    const [{ id }, key] = await made();
    const fresh = await accounts.rotate(id, key.id, { overlap_seconds: 60 });
    await askToken(product.api.url, { grant_type: 'client_credentials' }, basic(id, fresh.key));
    await accounts.revoke(id, fresh.id);
    await accounts.turn(id, 'disable');
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.api.url}/api/v1/audit?limit=100`, {
        bearer: ada.access_token,
      });
      const told = data.filter((entry) => JSON.stringify(entry.metadata).includes(id)).reverse();
      expect(told.map((entry) => [entry.action, entry.subject, entry.actor.type])).toEqual([
        ['SERVICE_ACCOUNT_CREATED', id, 'user'],
        ['API_KEY_CREATED', key.id, 'user'],
        ['API_KEY_CREATED', fresh.id, 'user'],
        ['API_KEY_ROTATED', key.id, 'user'],
        ['SERVICE_TOKEN_ISSUED', id, 'service'],
        ['API_KEY_REVOKED', fresh.id, 'user'],
        ['SERVICE_ACCOUNT_DISABLED', id, 'user'],
      ]);
      expect(JSON.stringify(told)).not.toContain('gh_key_');
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
    const { key: fresh } = await serviceAccountsOf(late.url, ada.access_token).createKey(id);
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

describe('operators', () => {
  it('do the same for any organisation, and the trail says why', async () => {
    const about = ['--tenant', ada.tenant.id, '--reason', 'asked for by telephone'];
    const verb = (...args: string[]) => product.admin('service-accounts', ...args, ...about);
    const id = (await verb('create', 'Backup', '--scopes', 'licenses:read')).trim();
    const [keyId = '', key = ''] = (await verb('create-key', id, '--name', 'One')).trim().split(' ');
    await isGood(key);
    await verb('revoke-key', id, keyId);
    await isOver(key);
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.api.url}/api/v1/audit?action=API_KEY_REVOKED`, {
        bearer: ada.access_token,
      });
      expect(data.find((entry) => entry.subject === keyId)).toMatchObject({
        actor: { type: 'operator' },
        metadata: { reason: 'asked for by telephone' },
      });
    });
  }, 60_000);
});

describe('while Redis is away', () => {
  it('keys work and are revoked, and what must be used once is answered 503', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const account = await accounts.create(SCOPES, { jwks: { keys: [publicKey.export({ format: 'jwk' })] } });
    const { key, id: keyId } = await accounts.createKey(account.id);
    await product.redis.kill();
    try {
      await isGood(key);
      const answer = await askToken(product.api.url, {
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: clientAssertion(privateKey, account.id, BASE_URL),
      });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      await accounts.revoke(account.id, keyId);
      await isOver(key);
    } finally {
      await product.redis.start();
    }
  });
});
