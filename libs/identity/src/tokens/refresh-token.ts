import { randomBytes } from 'node:crypto';
import { idFromBytes, idToBytes, keyedHash } from '#platform';

const SECRET_BYTES = 32;
const PREFIX = 'rft_';
/** 64 bytes leave four bits of the last character unused: they must be zero, or one token would have sixteen spellings. */
const TEXT = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{85}[AQgw]$`);

/** A refresh token taken apart: where its session is, and 256 random bits. */
export interface RefreshToken {
  tenantId: string;
  sessionId: string;
  secret: Buffer;
}

export const newRefreshToken = (tenantId: string, sessionId: string): RefreshToken => ({
  tenantId,
  sessionId,
  secret: randomBytes(SECRET_BYTES),
});

/** The one successor of a token: derived, so that a lost answer can be given again without storing it (contract). */
export const successorOf = (pepper: Buffer, token: RefreshToken): RefreshToken => ({
  ...token,
  secret: keyedHash(pepper, 'refresh-successor', token.secret),
});

/** What is stored (C47): full entropy needs no slow hash. */
export const hashOf = (pepper: Buffer, token: RefreshToken): Buffer =>
  keyedHash(pepper, 'refresh-hash', token.tenantId, token.sessionId, token.secret);

export function formatRefreshToken(token: RefreshToken): string {
  return (
    PREFIX +
    Buffer.concat([idToBytes(token.tenantId), idToBytes(token.sessionId), token.secret]).toString('base64url')
  );
}

/** Null for what is not of the form; whether it is known, the database says. */
export function parseRefreshToken(text: string): RefreshToken | null {
  if (!TEXT.test(text)) return null;
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
  return {
    tenantId: idFromBytes('ten', bytes.subarray(0, 16)),
    sessionId: idFromBytes('ses', bytes.subarray(16, 32)),
    secret: bytes.subarray(32),
  };
}
