import { type ClientCrypto, sameBytes } from './crypto/client-crypto.js';
import { fromBase64url, toBase64url, utf8 } from './formats/base64url.js';

/**
 * A text with its HMAC-SHA-256, as one line of JSON `{mac, body}`. It shows a change made by hand or by a fault; against
 * somebody who reads the key, which lies on the same machine, nothing local can help.
 */
export async function seal(body: string, key: Uint8Array, crypto: ClientCrypto): Promise<string> {
  return `${JSON.stringify({ mac: toBase64url(await crypto.hmacSha256(key, utf8(body))), body })}\n`;
}

/** The text inside, or null when it was changed, is of another key, or never was sealed. */
export async function unseal(text: string, key: Uint8Array, crypto: ClientCrypto): Promise<string | null> {
  let sealed: unknown;
  try {
    sealed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof sealed !== 'object' || sealed === null || !('mac' in sealed) || !('body' in sealed)) return null;
  const { mac, body } = sealed;
  if (typeof mac !== 'string' || typeof body !== 'string') return null;
  const given = fromBase64url(mac);
  return given && sameBytes(given, await crypto.hmacSha256(key, utf8(body))) ? body : null;
}
