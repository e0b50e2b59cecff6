/**
 * Signed leases, whole and broken. Made with node:crypto alone. The private keys are hashes of public texts: they sign
 * nothing but these.
 */
import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';

const base64url = (text: string | Buffer) => Buffer.from(text).toString('base64url');

/** PKCS #8 of an Ed25519 seed (RFC 8410, section 7): a fixed head and the 32 bytes. */
const keyOf = (seed: string) =>
  createPrivateKey({
    key: Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      createHash('sha256').update(seed).digest(),
    ]),
    format: 'der',
    type: 'pkcs8',
  });
const signingKey = keyOf('gatehouse test vectors, key 1');
const strangersKey = keyOf('gatehouse test vectors, key 2');
const publicKey = Buffer.from(createPublicKey(signingKey).export({ format: 'jwk' }).x!, 'base64url');

const HEADER = { alg: 'EdDSA', typ: 'license-lease+jwt', kid: 'vectors-1' };
const CLAIMS = {
  iss: 'https://licences.example',
  license_id: 'lic_01jz0000000000000000000000',
  tenant_id: 'ten_01jz0000000000000000000000',
  plan: 'PRO',
  entitlements: ['commands:execute', 'sync:read', 'sync:write'],
  device: '5d'.repeat(32),
  status: 'active',
  mode: 'hybrid',
  revision: 7,
  issued_at: '2026-03-01T00:00:00.000Z',
  fresh_until: '2026-03-02T00:00:00.000Z',
  usable_until: '2026-03-09T00:00:00.000Z',
  seat_bound: false,
  seat_expires_at: '2026-03-01T00:06:00.000Z',
  quota: [
    { meter: 'commands', remaining: 7, per_day_allowance: 10, resets_at: '2026-03-02T00:00:00.000Z' },
    { meter: 'exports', remaining: null, per_day_allowance: null, resets_at: null },
  ],
};
type Json = Record<string, unknown>;

const unsigned = (claims: Json, header: Json = HEADER) =>
  `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
const signed = (claims: Json, header: Json = HEADER, key = signingKey) => {
  const message = unsigned(claims, header);
  return `${message}.${sign(null, Buffer.from(message), key).toString('base64url')}`;
};
const hmacOf = (message: string, secret: string | Buffer) =>
  `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
const without = (name: string): Json =>
  Object.fromEntries(Object.entries(CLAIMS).filter(([one]) => one !== name));

const good = signed(CLAIMS);
const [header, payload, signature] = good.split('.') as [string, string, string];
const hs256 = unsigned(CLAIMS, { ...HEADER, alg: 'HS256' });
const forgedJwk = createPublicKey(strangersKey).export({ format: 'jwk' });
/** The last of 86 characters has four bits too many: another one with the same upper two is the same signature. */
const respelt = signature.slice(0, -1) + { A: 'B', Q: 'R', g: 'h', w: 'x' }[signature.at(-1) ?? ''];
const [first] = CLAIMS.quota;

const VALID: [name: string, token: string, claims: Json][] = [
  ['an active lease', good, CLAIMS],
  ['a revocation', signed({ ...CLAIMS, status: 'revoked' }), { ...CLAIMS, status: 'revoked' }],
  ['a suspension', signed({ ...CLAIMS, status: 'suspended' }), { ...CLAIMS, status: 'suspended' }],
  ['seat-bound', signed({ ...CLAIMS, seat_bound: true }), { ...CLAIMS, seat_bound: true }],
  ['strict', signed({ ...CLAIMS, mode: 'strict' }), { ...CLAIMS, mode: 'strict' }],
  [
    'an answer to a request file',
    signed({ ...CLAIMS, nonce: '7a'.repeat(16) }),
    { ...CLAIMS, nonce: '7a'.repeat(16) },
  ],
  ['claims nobody knows', signed({ ...CLAIMS, shoe_size: 42, exp: 1 }), CLAIMS],
  [
    'header members nobody knows',
    signed(CLAIMS, { ...HEADER, jwk: forgedJwk, x5u: 'https://evil.example' }),
    CLAIMS,
  ],
];

const INVALID: [name: string, token: string, code: string][] = [
  [
    'tampered payload',
    `${header}.${base64url(JSON.stringify({ ...CLAIMS, plan: 'ENTERPRISE' }))}.${signature}`,
    'BAD_SIGNATURE',
  ],
  [
    'tampered header',
    `${base64url(JSON.stringify({ ...HEADER, x: 1 }))}.${payload}.${signature}`,
    'BAD_SIGNATURE',
  ],
  [
    'tampered signature',
    `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    'BAD_SIGNATURE',
  ],
  ['another spelling of the signature', `${header}.${payload}.${respelt}`, 'BAD_SIGNATURE'],
  ['the signature of zeros', `${header}.${payload}.${base64url(Buffer.alloc(64))}`, 'BAD_SIGNATURE'],
  ['no signature', `${header}.${payload}.`, 'BAD_SIGNATURE'],
  ['signed by a stranger under our kid', signed(CLAIMS, HEADER, strangersKey), 'BAD_SIGNATURE'],
  [
    'signed by a key it brings along',
    signed(CLAIMS, { ...HEADER, jwk: forgedJwk }, strangersKey),
    'BAD_SIGNATURE',
  ],
  ['alg none', `${unsigned(CLAIMS, { ...HEADER, alg: 'none' })}.`, 'WRONG_ALGORITHM'],
  ['alg none, signed', signed(CLAIMS, { ...HEADER, alg: 'none' }), 'WRONG_ALGORITHM'],
  ['HS256 with the public key as its secret', hmacOf(hs256, publicKey), 'WRONG_ALGORITHM'],
  ['HS256 with its base64url as its secret', hmacOf(hs256, base64url(publicKey)), 'WRONG_ALGORITHM'],
  ['alg in lower case', signed(CLAIMS, { ...HEADER, alg: 'eddsa' }), 'WRONG_ALGORITHM'],
  ['no alg', signed(CLAIMS, { typ: HEADER.typ, kid: HEADER.kid }), 'WRONG_ALGORITHM'],
  ['typ JWT', signed(CLAIMS, { ...HEADER, typ: 'JWT' }), 'WRONG_TYPE'],
  ['typ of a key set', signed(CLAIMS, { ...HEADER, typ: 'license-keys+jwt' }), 'WRONG_TYPE'],
  ['no typ', signed(CLAIMS, { alg: HEADER.alg, kid: HEADER.kid }), 'WRONG_TYPE'],
  ['an unknown kid', signed(CLAIMS, { ...HEADER, kid: 'vectors-2' }), 'UNKNOWN_KEY'],
  ['no kid', signed(CLAIMS, { alg: HEADER.alg, typ: HEADER.typ }), 'UNKNOWN_KEY'],
  ['a critical extension', signed(CLAIMS, { ...HEADER, crit: ['b64'], b64: true }), 'MALFORMED'],
  ['oversized', signed({ ...CLAIMS, filler: 'x'.repeat(16_384) }), 'TOO_LARGE'],
  ['truncated in the signature', good.slice(0, -10), 'BAD_SIGNATURE'],
  ['truncated in the payload', good.slice(0, header.length + 40), 'MALFORMED'],
  ['empty', '', 'MALFORMED'],
  ['four parts', `${good}.x`, 'MALFORMED'],
  ['padded', `${header}=.${payload}.${signature}`, 'MALFORMED'],
  ['a header that is no object', `${base64url('[]')}.${payload}.${signature}`, 'MALFORMED'],
  ['a payload that is no JSON', signedText('plain'), 'MALFORMED'],
  ['a payload that is null', signedText('null'), 'MALFORMED'],
  ['a payload that is not UTF-8', signedText(Buffer.from([0x22, 0xff, 0x22])), 'MALFORMED'],
  ['another issuer', signed({ ...CLAIMS, iss: 'https://licences.example/' }), 'WRONG_ISSUER'],
  [
    'issued before the key was used',
    signed({ ...CLAIMS, issued_at: '2025-12-31T23:59:59.999Z' }),
    'KEY_OUT_OF_TIME',
  ],
  [
    'issued after the key was used',
    signed({ ...CLAIMS, issued_at: '2027-01-01T00:00:00.001Z' }),
    'KEY_OUT_OF_TIME',
  ],
  ...Object.keys(CLAIMS).map((name): [string, string, string] => [
    `without ${name}`,
    signed(without(name)),
    name === 'iss' ? 'WRONG_ISSUER' : 'BAD_CLAIM',
  ]),
  ...(
    [
      ['status', 'expired'],
      ['mode', 'lax'],
      ['revision', -1],
      ['revision', 1.5],
      ['revision', '7'],
      ['entitlements', 'all'],
      ['entitlements', [1]],
      ['entitlements', ['']],
      ['device', '5D'.repeat(32)],
      ['device', '5d'],
      ['seat_bound', 1],
      ['issued_at', 1772323200],
      ['issued_at', '2026-03-01'],
      ['issued_at', '2026-02-30T00:00:00Z'],
      ['issued_at', '2026-03-01T00:00:00+01:00'],
      ['fresh_until', '2026-02-28T23:59:59.999Z'],
      ['usable_until', '2026-03-01T23:59:59.999Z'],
      ['quota', {}],
      ['quota', [first, first]],
      ['quota', [{ ...first, remaining: -1 }]],
      ['plan', 'x'.repeat(257)],
      ['plan', '\ud800'],
      ['tenant_id', null],
      ['nonce', 7],
      ['fallback', { plan: 'FREE', entitlements: [] }],
    ] as [string, unknown][]
  ).map(([name, value]): [string, string, string] => [
    `${name} ${JSON.stringify(value).slice(0, 60)}`,
    signed({ ...CLAIMS, [name]: value }),
    'BAD_CLAIM',
  ]),
  ['seat-bound without a seat', signed({ ...CLAIMS, seat_bound: true, seat_expires_at: null }), 'BAD_CLAIM'],
];

export const leases = {
  about:
    'Tokens that verify under the keys and issuer of `trust`, with their claims, and tokens that must be refused, with the code of InvalidDocument.',
  trust: {
    issuer: CLAIMS.iss,
    keys: [
      {
        kid: HEADER.kid,
        x: base64url(publicKey),
        use_from: '2026-01-01T00:00:00.000Z',
        use_until: '2027-01-01T00:00:00.000Z',
      },
    ],
  },
  valid: VALID.map(([name, token, claims]) => ({ name, token, claims })),
  invalid: INVALID.map(([name, token, code]) => ({ name, token, code })),
};

function signedText(text: string | Buffer): string {
  const message = `${header}.${base64url(text)}`;
  return `${message}.${sign(null, Buffer.from(message), signingKey).toString('base64url')}`;
}
