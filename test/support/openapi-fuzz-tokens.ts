import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { hostileText } from './openapi-fuzz-values.js';

export interface Genuine {
  /** A good access token of the attacker's own. */
  accessToken: string;
  /** Other credentials of theirs, good for something else. */
  otherTokens: readonly string[];
  /** What the API signs with; the test made it. */
  signingKey: KeyObject;
  publicKey: KeyObject;
  /** Whose data the forger is after. */
  victim: { userId: string; tenantId: string };
}

type Claims = Record<string, unknown>;

/** Another character with the same upper two bits: base64url of 256 bytes ends in one that carries only those. */
const strayed = (character: string) => ({ A: 'B', Q: 'R', g: 'h', w: 'x' })[character] ?? 'A';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Claims;

/** Authorization headers that must not open anything, each with what is wrong with it. */
export function forgeries(genuine: Genuine): fc.Arbitrary<readonly [what: string, authorization: string]> {
  const { accessToken, otherTokens, signingKey, publicKey, victim } = genuine;
  const [header = '', payload = '', signature = ''] = accessToken.split('.');
  const head = decode(header);
  const claims = decode(payload);
  const now = Math.floor(Date.now() / 1000);
  const stolen = { ...claims, sub: victim.userId, tenant_id: victim.tenantId };
  const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
  const publicPem = String(publicKey.export({ format: 'pem', type: 'spki' }));

  const signedWith = (key: KeyObject, of: Claims, with_: object = head) => {
    const signed = `${encode(with_)}.${encode(of)}`;
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
  };
  const ours = (of: Claims, with_?: object) => signedWith(signingKey, of, with_);
  const hmac = (secret: string | Buffer, alg = 'HS256') => {
    const signed = `${encode({ ...head, alg })}.${encode(stolen)}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
  const without = (name: string) =>
    Object.fromEntries(Object.entries(claims).filter(([one]) => one !== name));

  const tokens = fc.constantFrom<[string, string]>(
    ...['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg): [string, string][] => [
      [`alg "${alg}"`, `${encode({ ...head, alg })}.${encode(stolen)}.`],
      [`alg "${alg}" with a signature`, `${encode({ ...head, alg })}.${payload}.${signature}`],
    ]),
    ['HS256 under the public key', hmac(publicPem)],
    ['HS256 under the public key in DER', hmac(publicKey.export({ format: 'der', type: 'spki' }))],
    ['HS256 under nothing', hmac('')],
    ['HS256 that says RS256', hmac(publicPem, 'RS256')],
    ['the signature of another key', signedWith(foreignKey, stolen)],
    [
      'another key brought along',
      signedWith(foreignKey, stolen, { ...head, jwk: foreignKey.export({ format: 'jwk' }) }),
    ],
    [
      'a key from elsewhere',
      signedWith(foreignKey, stolen, { ...head, jku: 'https://evil.example/jwks.json' }),
    ],
    ['a kid that is a path', signedWith(foreignKey, stolen, { ...head, kid: '../../../dev/null' })],
    ['the claims of another', `${header}.${encode(stolen)}.${signature}`],
    ['no signature', `${header}.${payload}.`],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${accessToken}.${signature}`],
    ['more behind the signature', `${accessToken}!`],
    ['a signature with stray bits', accessToken.slice(0, -1) + strayed(accessToken.at(-1)!)],
    ['a signature cut short', `${header}.${payload}.${signature.slice(0, 40)}`],
    ['an expired token', ours({ ...claims, iat: now - 7_200, exp: now - 3_600 })],
    ['a token that expired just now', ours({ ...claims, iat: now - 3_601, exp: now - 1 })],
    ['a token of the future', ours({ ...claims, iat: now + 3_600, exp: now + 7_200 })],
    ['another issuer', ours({ ...claims, iss: 'https://evil.example' })],
    ['another audience', ours({ ...claims, aud: 'another-api' })],
    ['another type of token', ours(claims, { ...head, typ: 'JWT' })],
    ['no end', ours(without('exp'))],
    ['an end in words', ours({ ...claims, exp: 'never' })],
    ['no tenant', ours(without('tenant_id'))],
    ['claims that are none', `${header}.${Buffer.from('null').toString('base64url')}.${signature}`],
    ...otherTokens.map((token): [string, string] => ['a credential for something else', token]),
    ['a long one', `${header}.${'a'.repeat(9_000)}.${signature}`],
  );
  const flipped = fc.nat({ max: 255 }).map((at): [string, string] => {
    const bytes = Buffer.from(signature, 'base64url');
    bytes[at % bytes.length]! ^= 1;
    return ['one bit of the signature', `${header}.${payload}.${bytes.toString('base64url')}`];
  });
  const garbage = hostileText
    .filter((text) => /^[\x21-\x7e]{1,2000}$/.test(text))
    .map((text): [string, string] => ['no token at all', text]);

  return fc.oneof(
    { weight: 6, arbitrary: tokens.map(([what, token]) => [what, `Bearer ${token}`] as const) },
    { weight: 1, arbitrary: flipped.map(([what, token]) => [what, `Bearer ${token}`] as const) },
    { weight: 2, arbitrary: garbage.map(([what, text]) => [what, `Bearer ${text}`] as const) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        ['an empty bearer', 'Bearer'] as const,
        ['another scheme', 'Basic dXNlcjpwYXNzd29yZA=='] as const,
        ['another scheme around a good token', `Token ${accessToken}`] as const,
        ['bytes that are not ASCII', 'Bearer \xff\xfe\xfd'] as const,
        ['no scheme', accessToken] as const,
      ),
    },
  );
}
