import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { DomainError, type HttpConfig, ManualClock, newId } from '#platform';
import type { IdentityConfig } from '../identity.config.js';
import { ACCESS_TOKEN_SECONDS, type AccessGrant, AccessTokens } from './access-tokens.js';

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('access tokens', () => {
  const { privateKey, publicKey } = rsa();
  const clock = new ManualClock(new Date('2026-05-01T00:00:00Z'));
  const seconds = () => clock.now().getTime() / 1000;
  const http = { baseUrl: 'https://gatehouse.example.com' } as HttpConfig;
  const tokensWith = (config: Partial<IdentityConfig> = {}) =>
    new AccessTokens(
      { signingKey: privateKey, audience: 'gatehouse', ...config } as IdentityConfig,
      http,
      clock,
    );
  const tokens = tokensWith();
  const [key] = tokens.jwks().keys;

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
    max_seats: 1,
    amr: ['fed'],
    auth_time: 1_777_593_600,
  };
  const HEADER = { alg: 'RS256', typ: 'at+jwt', kid: key!.kid };
  const claims = () => ({
    iss: http.baseUrl,
    aud: 'gatehouse',
    ...grant,
    iat: seconds(),
    exp: seconds() + 3_600,
  });

  /** A token with this header and these claims, signed for real. */
  function forge(header: object, body: object, signingKey: KeyObject = privateKey): string {
    const text = `${encode(header)}.${encode(body)}`;
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), signingKey).toString('base64url')}`;
  }

  /** The cause that the log is told; the caller gets the one 401. */
  function refusal(token: string, by: AccessTokens = tokens): unknown {
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

  it('read back what they were issued for, the second time as the first', () => {
    const token = tokens.issue(grant);
    const wanted = {
      ...grant,
      iss: http.baseUrl,
      aud: 'gatehouse',
      iat: seconds(),
      exp: seconds() + ACCESS_TOKEN_SECONDS,
    };
    expect(tokens.verify(token)).toEqual(wanted);
    expect(tokens.verify(token)).toEqual(wanted);
    // Else the forgeries below are refused for a fault of the test.
    expect(tokens.verify(forge(HEADER, claims()))).toEqual(claims());
  });

  it('are verified by whoever has the published key, which is public', () => {
    expect(key).toMatchObject({ kty: 'RSA', use: 'sig', alg: 'RS256' });
    expect(Object.keys(key!).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    expect(createPublicKey({ key: key!, format: 'jwk' }).equals(publicKey)).toBe(true);
  });

  it('hold for an hour and not a second longer, also once remembered', () => {
    const token = tokens.issue(grant);
    tokens.verify(token);
    clock.advance((ACCESS_TOKEN_SECONDS - 1) * 1_000);
    expect(refusal(token)).toBeNull();
    clock.advance(1_000);
    expect(refusal(token)).toBe('expired');
    expect(refusal(token, tokensWith())).toBe('expired');
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
  ])('with any character of %s changed are refused', (_, part) => {
    const parts = tokens.issue(grant).split('.');
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

  it('have one spelling: nothing may stand behind or between', () => {
    const token = tokens.issue(grant);
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
    ['of another installation', createPublicKey(rsa().privateKey).export({ format: 'jwk' }).n],
    ['a path', '../../../../etc/passwd'],
    ['a path to an empty file', '/dev/null'],
    ['a query', `' or '1'='1`],
    ['with a NUL', `${HEADER.kid}\0`],
    ['empty', ''],
    ['a number', 0],
    ['not there', undefined],
  ])('whose key id is %s are refused, though the signature is ours', (_, kid) => {
    expect(refusal(forge({ ...HEADER, kid }, claims()))).toBe('unknown key, algorithm or type');
  });

  it.each(['none', 'None', 'HS256', 'HS512', 'RS512', 'PS256', 'ES256', 'EdDSA', '', undefined])(
    'that name the algorithm %p are refused',
    (alg) => {
      expect(refusal(forge({ ...HEADER, alg }, claims()))).toBe('unknown key, algorithm or type');
    },
  );

  it('without a signature are refused', () => {
    const unsigned = `${encode({ alg: 'none', typ: 'at+jwt', kid: HEADER.kid })}.${encode(claims())}`;
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
      JSON.stringify(key),
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
    const other = rsa();
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
    ['no tenant', { tenant_id: undefined }, 'wrong claims'],
    ['scopes as one string', { scopes: 'licenses:read' }, 'wrong claims'],
  ])('with %s are refused, though signed by us', (_, change, cause) => {
    expect(refusal(forge(HEADER, { ...claims(), ...change }))).toBe(cause);
  });

  it('whose payload is no object are refused', () => {
    for (const payload of ['null', '[]', '"x"', '{', '']) {
      const text = `${encode(HEADER)}.${Buffer.from(payload).toString('base64url')}`;
      const token = `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`;
      expect(refusal(token)).toMatch(/^(wrong claims|not a token)$/);
    }
  });

  it('that are too long are not looked at', () => {
    expect(refusal(forge(HEADER, { ...claims(), email: 'x'.repeat(8_192) }))).toBe('not a token');
    expect(refusal('x'.repeat(10_000_000))).toBe('not a token');
    expect(refusal('.'.repeat(8_192))).toBe('not a token');
  });

  it('of another installation, with the same audience, are refused', () => {
    const other = tokensWith({ signingKey: rsa().privateKey });
    expect(refusal(other.issue(grant))).toBe('unknown key, algorithm or type');
    const renamed = tokensWith({ issuer: 'https://elsewhere.example' });
    expect(refusal(renamed.issue(grant))).toBe('wrong issuer');
  });
});
