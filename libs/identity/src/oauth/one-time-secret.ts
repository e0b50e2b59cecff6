import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits under a prefix that says what they are. */
export const newOneTimeSecret = (prefix: string): string =>
  `${prefix}${randomBytes(32).toString('base64url')}`;

/** Full entropy needs no key. */
export const hashOfSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url');

/** Where Redis keeps what belongs to it; it holds nothing that works. */
export const keyOfSecret = (purpose: string, secret: string): string =>
  `auth:nonce:${purpose}:${hashOfSecret(secret)}`;
