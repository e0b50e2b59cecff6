import type { ClientCrypto } from '../crypto/client-crypto.js';
import { toBase64url, utf8 } from '../formats/base64url.js';

/** What shows that whoever brings a code is who asked for it (RFC 7636). */
export interface Pkce {
  /** The secret: leaves this process with the code alone. */
  verifier: string;
  /** Its SHA-256 (S256), which goes ahead through the browser. */
  challenge: string;
}

/** RFC 7636, 4.1: 32 bytes are 43 characters, its shortest and as strong as it gets. */
const BYTES = 32;

export async function newPkce(crypto: ClientCrypto): Promise<Pkce> {
  const verifier = newSecret(crypto);
  return { verifier, challenge: await challengeOf(verifier, crypto) };
}

export const challengeOf = async (verifier: string, crypto: ClientCrypto): Promise<string> =>
  toBase64url(await crypto.sha256(utf8(verifier)));

/** 256 bits as text. */
export const newSecret = (crypto: ClientCrypto): string => toBase64url(crypto.randomBytes(BYTES));
