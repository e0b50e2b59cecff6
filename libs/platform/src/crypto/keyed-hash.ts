import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** From bytes, Node makes the key anew for every hash, which takes four times as long as the hash. */
const ready = new WeakMap<Buffer, KeyObject>();

function readyKey(key: Buffer): KeyObject {
  const known = ready.get(key) ?? createSecretKey(key);
  ready.set(key, known);
  return known;
}

/** HMAC-SHA-256 of the parts, each prefixed with its length so that no two lists of parts hash alike. */
export function keyedHash(key: Buffer, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const mac = createHmac('sha256', readyKey(key));
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    mac.update(length).update(bytes);
  }
  return mac.digest();
}

/** Compares in constant time; false when the lengths differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
