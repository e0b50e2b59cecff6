import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { DomainError, type HttpConfig, newId } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { keySurroundings, silent } from '../../../../test/support/keyring.js';
import type { IdentityConfig } from '../identity.config.js';
import { type SigningAlgorithm, signWith, thumbprintOf } from '../keys/algorithms.js';
import { KeyMaker } from '../keys/key-maker.js';
import { Keyring } from '../keys/keyring.js';
import type { KeysConfig } from '../keys/keys.config.js';
import { SigningKeys } from '../persistence/signing-keys.js';
import { EndedSessions } from '../sessions/ended-sessions.js';
import { ACCESS_TOKEN_SECONDS, type AccessGrant, AccessTokens } from './access-tokens.js';
import { MemberEpochs, memberKey, ServiceEpochs } from './epochs.js';

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const PAIRS = {
  RS256: rsa,
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const http = { baseUrl: 'https://gatehouse.example.com' } as HttpConfig;
const IDENTITY = { audience: 'gatehouse', licenseKeyClaim: true } as IdentityConfig;

let database: TestDatabase;
let around: ReturnType<typeof keySurroundings>;
let ended: EndedSessions;
let epochs: ServiceEpochs;
let members: MemberEpochs;
beforeAll(async () => {
  database = await testDatabase();
  around = keySurroundings(database);
  ended = new EndedSessions(around.clock);
  epochs = new ServiceEpochs(around.clock);
  members = new MemberEpochs(around.clock);
});
afterAll(async () => {
  await around.close();
  await database.drop();
});

/** The tokens of a process that begins with this key; one that was there is retired first. */
async function tokensUnder(
  signingKey: KeyObject,
  config: Partial<IdentityConfig> = {},
): Promise<AccessTokens> {
  const { system, box, clock } = around;
  await system.query(`update identity.signing_keys set state = 'retired', retired_at = now()
    where state = 'active' and kid <> '${thumbprintOf(createPublicKey(signingKey))}'`);
  const keys = { signingKey, algorithm: 'RS256' } as KeysConfig;
  const register = new SigningKeys(system);
  const maker = new KeyMaker(keys, register, null, box, clock, silent);
  const ring = new Keyring(keys, register, maker, null, box, clock, silent);
  await ring.onModuleInit();
  const identity = { ...IDENTITY, ...config } as IdentityConfig;
  return new AccessTokens(identity, http, ring, ended, epochs, members, clock);
}

describe.each(Object.keys(PAIRS) as SigningAlgorithm[])('access tokens under %s', (algorithm) => {
  const { privateKey, publicKey } = PAIRS[algorithm]();
  const kid = thumbprintOf(publicKey);
  let tokens: AccessTokens;
  beforeAll(async () => {
    tokens = await tokensUnder(privateKey);
  });
  const seconds = () => around.clock.now().getTime() / 1000;

  const grant: AccessGrant = {
    sub: newId('usr'),
    sid: newId('ses'),
    email: 'ada@example.com',
    email_verified: true,
    tenant_id: newId('ten'),
    org_id: null,
    role: 'owner',
    tier: 'FREE',
    scopes: ['licenses:read'],
    license_id: newId('lic'),
    license_key: 'GH-FREE-0123456789AB-3A5F',
    max_seats: 1,
    amr: ['fed'],
    auth_time: 1_777_593_600,
  };
  const HEADER = { alg: algorithm, typ: 'at+jwt', kid };
  const claims = () => ({
    iss: http.baseUrl,
    aud: 'gatehouse',
    typ: 'access',
    ...grant,
    iat: seconds(),
    exp: seconds() + 3_600,
  });

  /** A token with this header and these claims, signed for real. */
  function forge(header: object, body: object, signingKey: KeyObject = privateKey): string {
    const text = `${encode(header)}.${encode(body)}`;
    return `${text}.${signWith(algorithm, signingKey, Buffer.from(text)).toString('base64url')}`;
  }

  /** The cause that the log is told; the caller gets the one 401. */
  function refusal(token: string, by = tokens): unknown {
    try {
      by.verify(token);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      expect([error.status, error.code, error.message]).toEqual([
        401,
        'UNAUTHENTICATED',
        'Authentication is required.',
      ]);
      return error.cause;
    }
    return null;
  }

  it('read back what they were issued for, the second time as the first', async () => {
    const token = await tokens.issue(grant);
    const wanted = {
      ...grant,
      iss: http.baseUrl,
      aud: 'gatehouse',
      typ: 'access',
      iat: seconds(),
      exp: seconds() + ACCESS_TOKEN_SECONDS,
    };
    expect(tokens.verify(token)).toEqual(wanted);
    expect(tokens.verify(token)).toEqual(wanted);
    // Else the forgeries below are refused for a fault of the test.
    expect(tokens.verify(forge(HEADER, claims()))).toEqual(claims());
  });

  it('carry the licence key unless the setting drops it (C43)', async () => {
    const without = await tokensUnder(privateKey, { licenseKeyClaim: false });
    const claims = without.verify(await without.issue(grant));
    expect(claims).not.toHaveProperty('license_key');
    expect(claims).toMatchObject({ license_id: grant.license_id, tier: 'FREE' });
  });

  it('hold for an hour and not a second longer, also once remembered', async () => {
    const token = await tokens.issue(grant);
    tokens.verify(token);
    around.clock.advance((ACCESS_TOKEN_SECONDS - 1) * 1_000);
    expect(refusal(token)).toBeNull();
    around.clock.advance(1_000);
    expect(refusal(token)).toBe('expired');
    expect(refusal(token, await tokensUnder(privateKey))).toBe('expired');
  });

  it('from a clock a minute ahead are taken, from further ahead not', () => {
    const ahead = (by: number) =>
      forge(HEADER, { ...claims(), iat: seconds() + by, exp: seconds() + by + 3_600 });
    expect(refusal(ahead(60))).toBeNull();
    expect(refusal(ahead(61))).toBe('issued in the future');
  });

  it.each([
    ['the payload', 1],
    ['the signature', 2],
    ['the header', 0],
  ])('with any character of %s changed are refused', async (_, part) => {
    const parts = (await tokens.issue(grant)).split('.');
    const original = parts[part]!;
    const places = new Set([0, 1, Math.floor(original.length / 2), original.length - 2, original.length - 1]);
    for (const at of places) {
      for (const other of ['A', 'B', '-', '_', '!', ' ', '=']) {
        if (original[at] === other) continue;
        parts[part] = original.slice(0, at) + other + original.slice(at + 1);
        expect([at, other, refusal(parts.join('.'))]).not.toEqual([at, other, null]);
      }
    }
  });

  it('have one spelling: nothing may stand behind or between', async () => {
    const token = await tokens.issue(grant);
    for (const spelling of [
      `${token}=`,
      `${token}!`,
      ` ${token}`,
      `${token} `,
      `${token}.`,
      `${token}.e30`,
      token.replaceAll('.', '..'),
    ]) {
      expect([spelling, refusal(spelling)]).not.toEqual([spelling, null]);
    }
  });

  it.each([
    ['unknown', 'no-such-key'],
    ['of another installation', thumbprintOf(rsa().publicKey)],
    ['a path', '../../../../etc/passwd'],
    ['a path to an empty file', '/dev/null'],
    ['a query', `' or '1'='1`],
    ['with a NUL', `${kid}\0`],
    ['empty', ''],
    ['a number', 0],
    ['not there', undefined],
  ])('whose key id is %s are refused, though the signature is ours', (_, kid) => {
    expect(refusal(forge({ ...HEADER, kid }, claims()))).toBe('unknown key, algorithm or type');
  });

  it.each(['none', 'None', 'HS256', 'HS512', 'RS256', 'RS512', 'PS256', 'ES256', 'EdDSA', '', undefined])(
    'that name the algorithm %p are refused',
    (alg) => {
      if (alg === algorithm) return;
      expect(refusal(forge({ ...HEADER, alg }, claims()))).toBe('unknown key, algorithm or type');
    },
  );

  it('without a signature are refused', () => {
    const unsigned = `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${encode(claims())}`;
    for (const token of [
      unsigned,
      `${unsigned}.`,
      `${encode(HEADER)}.${encode(claims())}.`,
      `${unsigned}.AAAA`,
    ]) {
      expect(refusal(token)).not.toBeNull();
    }
  });

  it('signed with the public key as if it were a shared secret are refused', () => {
    const secrets = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
    ];
    for (const secret of secrets) {
      for (const header of [{ ...HEADER, alg: 'HS256' }, HEADER]) {
        const text = `${encode(header)}.${encode(claims())}`;
        const token = `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
        expect(refusal(token)).not.toBeNull();
      }
    }
  });

  it('signed with somebody else’s key under our key’s name are refused, also with that key inside', () => {
    const other = PAIRS[algorithm]();
    expect(refusal(forge(HEADER, claims(), other.privateKey))).toBe('bad signature');
    const jwk = other.publicKey.export({ format: 'jwk' });
    expect(refusal(forge({ ...HEADER, jwk }, claims(), other.privateKey))).toBe(
      'unknown key, algorithm or type',
    );
    expect(refusal(forge({ ...HEADER, jku: 'https://evil.example/jwks' }, claims(), other.privateKey))).toBe(
      'unknown key, algorithm or type',
    );
  });

  it.each(['JWT', 'at+JWT', 'rt+jwt', 'secevent+jwt', 'logout+jwt', undefined])(
    'of the type %p are no access tokens',
    (typ) => {
      expect(refusal(forge({ ...HEADER, typ }, claims()))).toBe('unknown key, algorithm or type');
    },
  );

  it.each([
    ['another issuer', { iss: 'https://gatehouse.example.com.evil.example' }, 'wrong issuer'],
    ['an issuer with a slash more', { iss: `${http.baseUrl}/` }, 'wrong issuer'],
    ['another audience', { aud: 'other' }, 'wrong audience'],
    ['several audiences', { aud: ['gatehouse', 'other'] }, 'wrong claims'],
    ['no end', { exp: undefined }, 'wrong claims'],
    ['an end in words', { exp: '9999999999' }, 'wrong claims'],
    ['an end long past', { exp: 1 }, 'expired'],
    ['an end that is no number', { exp: null }, 'wrong claims'],
    ['a time before which they do not hold', { nbf: 9_999_999_999 }, 'not valid yet'],
    ['such a time in words', { nbf: 'tomorrow' }, 'wrong claims'],
    ['another kind', { typ: 'refresh' }, 'wrong claims'],
    ['no kind', { typ: undefined }, 'wrong claims'],
    ['no tenant', { tenant_id: undefined }, 'wrong claims'],
    ['scopes as one string', { scopes: 'licenses:read' }, 'wrong claims'],
  ])('with %s are refused, though signed by us', (_, change, cause) => {
    expect(refusal(forge(HEADER, { ...claims(), ...change }))).toBe(cause);
  });

  it('whose payload is no object are refused', () => {
    for (const payload of ['null', '[]', '"x"', '{', '']) {
      const text = `${encode(HEADER)}.${Buffer.from(payload).toString('base64url')}`;
      const token = `${text}.${signWith(algorithm, privateKey, Buffer.from(text)).toString('base64url')}`;
      expect(refusal(token)).toMatch(/^(wrong claims|not a token)$/);
    }
  });

  it('that are too long are not looked at', () => {
    expect(refusal(forge(HEADER, { ...claims(), email: 'x'.repeat(8_192) }))).toBe('not a token');
    expect(refusal('x'.repeat(10_000_000))).toBe('not a token');
    expect(refusal('.'.repeat(8_192))).toBe('not a token');
  });

  it('of a session that has ended are refused, also once remembered', async () => {
    const of = { ...grant, sid: newId('ses') };
    const token = await tokens.issue(of);
    tokens.verify(token);
    ended.note([{ id: of.sid, endedAt: around.clock.now() }]);
    expect(refusal(token)).toBe('session over');
    expect(refusal(await tokens.issue(of))).toBe('session over');
    expect(refusal(await tokens.issue(grant))).toBeNull();
  });

  it('of an epoch of their person in the tenant that is over are refused, also once remembered', async () => {
    const of = { ...grant, sub: newId('usr') };
    // As they were before there were epochs.
    const token = await tokens.issue(of);
    const elsewhere = await tokens.issue({ ...of, tenant_id: newId('ten') });
    tokens.verify(token);
    members.note(memberKey(of.tenant_id, of.sub), 1);
    expect(refusal(token)).toBe('token outdated');
    expect(refusal(await tokens.issue({ ...of, epoch: 0 }))).toBe('token outdated');
    expect(refusal(await tokens.issue({ ...of, epoch: 1 }))).toBeNull();
    expect(refusal(elsewhere)).toBeNull();
    expect(refusal(await tokens.issue(grant))).toBeNull();
  });

  it('of a service account have no session, and end with its epoch, also once remembered', async () => {
    const sub = newId('svc');
    const { tenant_id, org_id, tier, scopes, license_id, max_seats, amr, auth_time } = grant;
    const of = {
      ...{ tenant_id, org_id, tier, scopes, license_id, max_seats, amr, auth_time },
      ...{ sub, client_id: sub, epoch: 1 },
    };
    const token = await tokens.issueForService(of, 7_200);
    expect(tokens.verify(token)).toEqual({
      ...of,
      ...{ iss: http.baseUrl, aud: 'gatehouse', typ: 'access' },
      ...{ iat: seconds(), exp: seconds() + ACCESS_TOKEN_SECONDS },
    });
    epochs.note(sub, 2);
    expect(refusal(token)).toBe('service account changed');
    expect(refusal(await tokens.issueForService({ ...of, epoch: 2 }, 60))).toBeNull();
    // What is a bit of both is neither.
    for (const change of [{ sub: newId('usr') }, { epoch: undefined }, { client_id: undefined }])
      expect(refusal(forge(HEADER, { ...claims(), sid: undefined, ...of, ...change }))).toBe('wrong claims');
  });

  it('of another issuer are refused', async () => {
    const renamed = await tokensUnder(privateKey, { issuer: 'https://elsewhere.example' });
    expect(refusal(await renamed.issue(grant))).toBe('wrong issuer');
  });

  it('whose key has been revoked since are refused, also once remembered', async () => {
    const token = await tokens.issue(grant);
    tokens.verify(token);
    const { privateKey: other } = PAIRS[algorithm]();
    const others = await tokensUnder(other);
    await expect(tokens.authenticate(await others.issue(grant))).resolves.toMatchObject({ sub: grant.sub });
    expect(refusal(token)).toBe('unknown key, algorithm or type');
  });
});
