import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PasswordsConfig } from './passwords.config.js';

const FORMAT = 1;
const HEADER_BYTES = 3;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The pepper encrypts the hash instead of going into it (C31): AES-256-GCM under a key with a number, bound to the
 * person. So it rotates: what was sealed under an old key opens, and is sealed under the newest at the next login.
 */
@Injectable()
export class Pepper {
  private readonly keys: ReadonlyMap<number, KeyObject>;
  private readonly newest: number;

  constructor(config: PasswordsConfig) {
    this.keys = new Map([...config.keys].map(([id, key]) => [id, createSecretKey(key)]));
    const [newest] = config.keys.keys();
    if (newest === undefined) throw new Error('AUTH_PASSWORD_KEYS holds no key.');
    this.newest = newest;
  }

  /** Format, key id, nonce, tag, ciphertext. `owner` is the person's id. */
  seal(hash: string, owner: string): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(FORMAT);
    header.writeUInt16BE(this.newest, 1);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key(this.newest), nonce);
    cipher.setAAD(Buffer.concat([header, Buffer.from(owner)]));
    const body = Buffer.concat([cipher.update(hash, 'utf8'), cipher.final()]);
    return Buffer.concat([header, nonce, cipher.getAuthTag(), body]);
  }

  /** Throws when it was changed, belongs to somebody else, or its key is no longer in AUTH_PASSWORD_KEYS. */
  open(sealed: Buffer, owner: string): string {
    if (sealed[0] !== FORMAT || sealed.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES)
      throw new Error('Not a sealed hash.');
    const header = sealed.subarray(0, HEADER_BYTES);
    const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
    const rest = sealed.subarray(HEADER_BYTES + NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.key(this.keyIdOf(sealed)), nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.concat([header, Buffer.from(owner)]));
    decipher.setAuthTag(rest.subarray(0, TAG_BYTES));
    return decipher.update(rest.subarray(TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  /** Whether a newer key has come since it was sealed. */
  isOld(sealed: Buffer): boolean {
    return this.keyIdOf(sealed) !== this.newest;
  }

  /** Whether its key is in AUTH_PASSWORD_KEYS, so that it can be opened. */
  knows(sealed: Buffer): boolean {
    return this.keys.has(this.keyIdOf(sealed));
  }

  /** The same under the newest key; null for what is so already, and for what cannot be opened any more. */
  reseal(sealed: Buffer, owner: string): Buffer | null {
    return this.isOld(sealed) && this.knows(sealed) ? this.seal(this.open(sealed, owner), owner) : null;
  }

  private keyIdOf(sealed: Buffer): number {
    return sealed.readUInt16BE(1);
  }

  private key(id: number): KeyObject {
    const key = this.keys.get(id);
    if (!key) throw new Error(`AUTH_PASSWORD_KEYS has no key ${id}, under which a hash is sealed.`);
    return key;
  }
}
