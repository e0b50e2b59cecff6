import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { HttpConfig, type ResponseKey, ResponseSigner } from '#platform';
import { encodeKeySet, type KeySet } from '#sdk/formats';
import { LeasesConfig } from '../licensing.config.js';
import type { ConfiguredKey, SigningKeyStatus } from './signing-key-setting.js';

/** RFC 8410, section 7: what stands before the seed in DER. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * For so long after it was retired, in ms, a key is still believed to have signed: processes of a deployment change
 * over one by one, and their clocks differ.
 */
export const RETIREMENT_OVERLAP_MS = 86_400_000;

interface Key extends Omit<ConfiguredKey, 'seed'> {
  /** 32 bytes, and in base64url the `x` of its JWK. */
  publicKey: Buffer;
  x: string;
  signing: ResponseKey;
}

/** A key as the well-known document names it. */
export interface PublishedKey {
  kid: string;
  x: string;
  status: SigningKeyStatus;
}

/**
 * The Ed25519 keys that leases, key sets and answers are signed with. Private keys are parsed once: parsing one costs
 * five signatures.
 */
@Injectable()
export class SigningKeys extends ResponseSigner {
  /** Who signs, as leases and key sets name it. */
  readonly issuer: string;
  private readonly keys: readonly Key[];
  private readonly active: Key;
  private signedSets?: readonly string[];

  constructor(config: LeasesConfig, http: HttpConfig) {
    super();
    this.issuer = http.baseUrl;
    this.keys = config.signingKeys.map(keyOf);
    const active = this.keys.find((key) => key.status === 'active');
    if (!active) throw new Error('LICENSE_SIGNING_KEYS has no key that signs.');
    this.active = active;
  }

  current(): ResponseKey {
    return this.active.signing;
  }

  published(): PublishedKey[] {
    return this.keys.map(({ kid, x, status }) => ({ kid, x, status }));
  }

  /**
   * Key set documents by which old keys introduce new ones: the same set, signed by each key that is or was in use.
   * One that is compromised signs too: of its copy clients believe that it is compromised, and nothing else. Every
   * process with the same setting gives the same texts.
   */
  keySets(): readonly string[] {
    this.signedSets ??= this.sign();
    return this.signedSets;
  }

  private sign(): string[] {
    const changedAt = Math.max(...this.keys.map((key) => key.since.getTime()));
    const set: KeySet = {
      issuer: this.issuer,
      sequence: Math.floor(changedAt / 1000),
      issuedAt: changedAt,
      keys: this.keys.map(({ kid, publicKey, status, since }) => ({
        kid,
        publicKey,
        useFrom: 0,
        useUntil: status === 'retiring' ? since.getTime() + RETIREMENT_OVERLAP_MS : null,
        compromised: status === 'compromised',
      })),
    };
    const signers = this.keys.filter((key) => key.status !== 'next');
    // The compromised ones last: a client that reads their copies first loses the keys it learned through them.
    signers.sort((a, b) => Number(a.status === 'compromised') - Number(b.status === 'compromised'));
    return signers.map(({ signing }) => encodeKeySet(set, signing));
  }
}

function keyOf({ seed, ...told }: ConfiguredKey): Key {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x } = createPublicKey(privateKey as never).export({ format: 'jwk' }) as { x: string };
  return { ...told, x, publicKey: Buffer.from(x, 'base64url'), signing: signingWith(told.kid, privateKey) };
}

const signingWith = (kid: string, key: KeyObject): ResponseKey => ({
  kid,
  sign: (message) => sign(null, message, key),
});
