import { idFromBytes, idToBytes, keyedHash } from '#platform';

const PREFIX = 'mlt_';
/** 64 bytes leave four bits of the last character unused: they must be zero, or one token would have sixteen spellings. */
const TEXT = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{85}[AQgw]$`);

/** A token from a mail, taken apart: whose it is, which one, and 256 bits that only we can derive. */
export interface MailToken {
  userId: string;
  tokenId: string;
  secret: Buffer;
}

/**
 * The token with these ids. Its secret is derived instead of drawn, so that the worker can write it into the mail, and
 * write it again when a delivery is repeated, while no table and no event ever holds it.
 */
export const mailToken = (key: Buffer, userId: string, tokenId: string): MailToken => ({
  userId,
  tokenId,
  secret: keyedHash(key, 'mail-token', userId, tokenId),
});

/** What is stored. */
export const hashOfMailToken = (key: Buffer, token: MailToken): Buffer =>
  keyedHash(key, 'mail-token-hash', token.userId, token.tokenId, token.secret);

export function formatMailToken(token: MailToken): string {
  const bytes = Buffer.concat([idToBytes(token.userId), idToBytes(token.tokenId), token.secret]);
  return PREFIX + bytes.toString('base64url');
}

/** Null for what is not of the form; whether it is known, the database says. */
export function parseMailToken(text: string): MailToken | null {
  if (!TEXT.test(text)) return null;
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
  return {
    userId: idFromBytes('usr', bytes.subarray(0, 16)),
    tokenId: idFromBytes('mtk', bytes.subarray(16, 32)),
    secret: bytes.subarray(32),
  };
}
