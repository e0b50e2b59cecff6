import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Anchor } from '../anchors.js';
import type { Lease } from '../formats/lease.js';
import { leaseLife } from '../formats/lease.js';
import type { SigningKey, VerificationKey } from '../formats/signed-document.js';

/** An issuer's key with both of its halves. */
export class Signer implements SigningKey {
  readonly kid: string;
  readonly x: string;
  private readonly privateKey: KeyObject;

  constructor(kid: string) {
    this.kid = kid;
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.privateKey = privateKey;
    this.x = publicKey.export({ format: 'jwk' }).x!;
  }

  readonly sign = (message: Uint8Array) => sign(null, message, this.privateKey);

  get anchor(): Anchor {
    return { kid: this.kid, x: this.x };
  }

  /** As a key set names it: in use from the start of time, until further notice, unless told otherwise. */
  key(told: Partial<VerificationKey> = {}): VerificationKey {
    const publicKey = Buffer.from(this.x, 'base64url');
    return { kid: this.kid, publicKey, useFrom: 0, useUntil: null, compromised: false, ...told };
  }
}

export const ISSUER = 'https://licences.example';

/** A sound lease, issued at the start of 2026. */
export function leaseOf(told: Partial<Lease> = {}): Lease {
  const issuedAt = told.issuedAt ?? Date.parse('2026-01-01T00:00:00Z');
  return {
    issuer: ISSUER,
    licenseId: 'lic_1',
    tenantId: 'ten_1',
    plan: 'PRO',
    entitlements: ['commands:execute', 'sync:read'],
    device: 'ab'.repeat(32),
    status: 'active',
    mode: 'hybrid',
    revision: 1,
    issuedAt,
    ...leaseLife(issuedAt),
    seatBound: false,
    seatExpiresAt: null,
    quota: [],
    ...told,
  };
}
