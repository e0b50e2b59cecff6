import type { KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from './algorithms.js';

/** A private key that a store keeps: where, and its public half. */
export interface KeptKey {
  /** The store's own name for it. Says nothing about the key. */
  ref: string;
  publicKey: KeyObject;
}

/** Keeps the private halves of signing keys. What a key is good for is not its business: see Keyring. */
export abstract class KeyStore {
  /** How the register calls it. */
  abstract readonly name: 'file' | 'vault';

  /** Makes a key and keeps its private half. */
  abstract generate(algorithm: SigningAlgorithm): Promise<KeptKey>;

  /** Whether this process can sign with it. */
  abstract holds(ref: string): Promise<boolean>;

  /** A JWS signature. Throws 503 `UNAVAILABLE` when the store does not answer or has no such key. */
  abstract sign(ref: string, algorithm: SigningAlgorithm, bytes: Buffer): Promise<Buffer>;

  /** Forgets a key for good. Repeatable. */
  abstract destroy(ref: string): Promise<void>;
}
