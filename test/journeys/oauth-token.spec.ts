import { generateKeyPairSync } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { call, payloadOf, succeed } from '../support/person.js';
import {
  ASSERTION_TYPE,
  askToken,
  basic,
  clientAssertion,
  hmacAssertion,
  reads,
} from '../support/service-accounts.js';
import { BASE_URL, REVOKED_MS, SCOPES, serviceWorld } from '../support/service-world.js';

const world = serviceWorld();
const { product, made, everywhere, isGood, isOver, refusalOf } = world;

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
      const claims = payloadOf<Record<string, unknown>>(body.access_token);
      expect(claims).toMatchObject({ sub: id, client_id: id, typ: 'access', tenant_id: world.ada.tenant.id });
      expect(claims).toMatchObject({ amr: ['client_secret'], scopes: ['audit:read', 'licenses:read'] });
      expect(Object.keys(claims)).not.toContain('sid');
      const me = await succeed<{ service_account: { id: string } }>(`${world.other.url}/api/v1/auth/me`, {
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
      [{ ...known, client_secret: world.ada.access_token }, {}, 400, 'invalid_request'],
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
    const spare = await world.accounts.createKey(id);
    const ask = async (secret: string) =>
      (await askToken(product.api.url, grant, basic(id, secret))).body.access_token;
    const token = await ask(key);
    await isGood(token);
    await world.accounts.revoke(id, keyId);
    await isOver(token, REVOKED_MS);
    const next = await ask(spare.key);
    await eventually(() => isGood(next));
    await world.accounts.turn(id, 'disable');
    await isOver(next);
    await world.accounts.turn(id, 'enable');
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
    const account = await world.accounts.create(SCOPES, { jwks: { keys: [jwk] } });
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

    const stranger = await world.accounts.create(SCOPES);
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
    await world.accounts.change(account.id, { jwks: { keys: [] } });
    await isOver(first.body.access_token);
    expect((await ask(signed())).body.error).toBe('invalid_client');
  });

  it('takes one of a hundred equal assertions', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { id } = await world.accounts.create(SCOPES, {
      jwks: { keys: [publicKey.export({ format: 'jwk' })] },
    });
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
          bearer: world.ada.access_token,
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
      authorization_endpoint: `${BASE_URL}/oauth/authorize`,
      device_authorization_endpoint: `${BASE_URL}/oauth/device_authorization`,
      grant_types_supported: [
        'client_credentials',
        'authorization_code',
        'urn:ietf:params:oauth:grant-type:device_code',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
      token_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt',
        'none',
      ],
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
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
