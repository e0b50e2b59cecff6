import { createHash } from 'node:crypto';
import { sameBytes } from '#platform';

/** A SHA-256 in base64url: the last character has two bits to spare, which have to be zero. */
export const CHALLENGE = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
/** RFC 7636, 4.1. */
export const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/** Whether a verifier is the one that the challenge was made of, by S256, the only method (RFC 7636, 4.6). */
export const answers = (verifier: string, challenge: string): boolean =>
  VERIFIER.test(verifier) &&
  sameBytes(Buffer.from(createHash('sha256').update(verifier).digest('base64url')), Buffer.from(challenge));
