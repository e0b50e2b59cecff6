import { utf8 } from '../formats/base64url.js';
import { deviceMessage } from '../formats/device.js';
import type { Verify } from '../formats/signed-document.js';

/** What the client needs of a platform's cryptography. One module for Node, one for browsers, one contract for both. */
export interface ClientCrypto {
  verify: Verify;
  sha256(message: Uint8Array): Promise<Uint8Array>;
  hmacSha256(key: Uint8Array, message: Uint8Array): Promise<Uint8Array>;
  /** From the system's generator. */
  randomBytes(length: number): Uint8Array;
}

/** The device of a hardware id as leases and activation files name it: 64 hexadecimal digits. */
export async function deviceHash(hardwareId: string, crypto: ClientCrypto): Promise<string> {
  return toHex(await crypto.sha256(deviceMessage(hardwareId)));
}

/** A UUID (RFC 9562, version 4), for idempotency keys; randomUUID is missing in pages without TLS. */
export function newUuid(crypto: ClientCrypto): string {
  const bytes = crypto.randomBytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Takes as long for any two of the same length. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0);
  return difference === 0;
}

/** A key for one purpose, made of a secret (NIST SP 800-108, with one block of HMAC). */
export const keyFor = (purpose: string, secret: Uint8Array, crypto: ClientCrypto) =>
  crypto.hmacSha256(secret, utf8(purpose));

export const toHex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
