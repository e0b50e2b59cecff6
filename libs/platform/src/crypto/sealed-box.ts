import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SecretsConfig } from './secrets.config.js';

const VERSION = 1;
/** NIST SP 800-38D, 8.2: 96-bit nonces; random ones are safe for 2^32 messages under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts with AES-256-GCM under a key of its own for each context (HKDF-SHA-256 of SECRETS_KEY), so that a
 * value sealed for one purpose never opens for another.
 */
@Injectable()
export class SealedBox {
  private readonly keys = new Map<string, KeyObject>();

  constructor(private readonly config: SecretsConfig) {}

  /** `plain` encrypted: version byte, nonce, tag, ciphertext. `context` names the purpose and the row. */
  seal(plain: Uint8Array, context: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.keyFor(context), nonce);
    cipher.setAAD(Buffer.from(context));
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
  }

  /** The plain bytes. Throws when `sealed` was changed, or sealed for another context or under another key. */
  open(sealed: Uint8Array, context: string): Buffer {
    const bytes = Buffer.from(sealed);
    if (bytes[0] !== VERSION || bytes.length < 1 + NONCE_BYTES + TAG_BYTES)
      throw new Error('Not a sealed value.');
    const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.keyFor(context), nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(bytes.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(1 + NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  }

  /** The purpose is what stands before the first colon; the row behind it is bound as associated data only. */
  private keyFor(context: string): KeyObject {
    const purpose = context.split(':', 1)[0] ?? context;
    const existing = this.keys.get(purpose);
    if (existing) return existing;
    const derived = hkdfSync('sha256', this.config.key, '', `gatehouse:${purpose}`, 32);
    const key = createSecretKey(Buffer.from(derived));
    this.keys.set(purpose, key);
    return key;
  }
}
