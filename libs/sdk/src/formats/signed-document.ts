import { fromBase64url, toBase64url, utf8 } from './base64url.js';
import { type Claims, parseObject, readInstant, readText } from './claims.js';
import { InvalidDocument } from './invalid-document.js';

/** Ed25519 over the bytes; 64 bytes. With node:crypto and a kept KeyObject: `(bytes) => sign(null, bytes, key)`. */
export type Sign = (message: Uint8Array) => Uint8Array;

/** Checks an Ed25519 signature under a raw public key of 32 bytes. Each platform's crypto module has one. */
export type Verify = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

export interface SigningKey {
  kid: string;
  sign: Sign;
}

/** A public key that documents are checked with. Times are epoch milliseconds. */
export interface VerificationKey {
  kid: string;
  /** 32 bytes, raw: the `x` of its JWK (RFC 8037, section 2). */
  publicKey: Uint8Array;
  /** It signs what was issued from here on ... */
  useFrom: number;
  /** ... until here, inclusive; null: until further notice. What it signed then stays good. */
  useUntil: number | null;
  /** Known to others: nothing it signed is believed, whenever that was. */
  compromised: boolean;
}

/** Whose documents are believed: one issuer, and its keys. */
export interface Trust {
  issuer: string;
  keys: readonly VerificationKey[];
}

const ALG = 'EdDSA';
const SIGNATURE_BYTES = 64;

/**
 * A compact JWS (RFC 7515, section 7.1) under Ed25519 (RFC 8037, section 3.1), explicitly typed (RFC 8725, 3.11).
 * Synchronous: node:crypto signs in 40 us, and a detour over the thread pool costs more.
 */
export function signDocument(typ: string, claims: Claims, key: SigningKey, maxLength: number): string {
  const header = toBase64url(utf8(JSON.stringify({ alg: ALG, typ, kid: key.kid })));
  const message = `${header}.${toBase64url(utf8(JSON.stringify(claims)))}`;
  const token = `${message}.${toBase64url(key.sign(utf8(message)))}`;
  if (token.length > maxLength) throw tooLarge(typ, maxLength);
  return token;
}

/**
 * The claims of a document that a trusted key of the issuer signed while it was in use. The algorithm is the key's and
 * never the token's (RFC 8725, 3.1); keys in the header (jwk, jku, x5c) are not looked at. Throws InvalidDocument.
 */
export async function openDocument(
  typ: string,
  token: string,
  trust: Trust,
  verify: Verify,
  maxLength: number,
): Promise<{ claims: Claims; key: VerificationKey }> {
  if (token.length > maxLength) throw tooLarge(typ, maxLength);
  const parts = token.split('.');
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || signature === undefined) {
    throw new InvalidDocument('MALFORMED', 'It is not a compact JWS of three parts.');
  }

  const key = keyFor(typ, parseObject(decodeText(header), 'header'), trust.keys);
  const signatureBytes = fromBase64url(signature);
  if (
    signatureBytes?.length !== SIGNATURE_BYTES ||
    !(await verify(key.publicKey, utf8(`${header}.${payload}`), signatureBytes))
  ) {
    throw new InvalidDocument('BAD_SIGNATURE', `Its signature is not one of key ${key.kid}.`);
  }

  const claims = parseObject(decodeText(payload), 'payload');
  if (claims['iss'] !== trust.issuer) {
    throw new InvalidDocument('WRONG_ISSUER', `It was not issued by ${trust.issuer}.`);
  }
  const issuedAt = readInstant(claims, 'issued_at');
  if (issuedAt < key.useFrom || (key.useUntil !== null && issuedAt > key.useUntil)) {
    throw new InvalidDocument('KEY_OUT_OF_TIME', `Key ${key.kid} was not in use when it was issued.`);
  }
  return { claims, key };
}

/** Who a token says has issued it; nothing of it is verified. */
export function issuerOf(token: string): string | null {
  try {
    return readText(parseObject(decodeText(token.split('.')[1] ?? ''), 'payload'), 'iss', 2048);
  } catch {
    return null;
  }
}

function keyFor(typ: string, header: Claims, keys: readonly VerificationKey[]): VerificationKey {
  if (header['typ'] !== typ) throw new InvalidDocument('WRONG_TYPE', `Its typ is not ${typ}.`);
  // An extension we do not know must not be ignored (RFC 7515, 4.1.11), and we know none.
  if (Object.hasOwn(header, 'crit'))
    throw new InvalidDocument('MALFORMED', 'Its header asks for an extension.');
  if (header['alg'] !== ALG) throw new InvalidDocument('WRONG_ALGORITHM', `Its alg is not ${ALG}.`);
  const key = keys.find((one) => one.kid === header['kid']);
  if (!key) throw new InvalidDocument('UNKNOWN_KEY', 'It names a key that is not known here.');
  if (key.compromised) throw new InvalidDocument('COMPROMISED_KEY', `Key ${key.kid} is compromised.`);
  return key;
}

function decodeText(part: string): string {
  const bytes = fromBase64url(part);
  try {
    if (bytes) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Not UTF-8; said below.
  }
  throw new InvalidDocument('MALFORMED', 'A part of it is not base64url of UTF-8.');
}

const tooLarge = (typ: string, maxLength: number) =>
  new InvalidDocument('TOO_LARGE', `A ${typ} has at most ${maxLength} characters.`);
