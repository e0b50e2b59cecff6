import {
  asObject,
  bad,
  type Claims,
  readCount,
  readFlag,
  readInstant,
  readList,
  readMatch,
  readNames,
  readNullable,
  readOneOf,
  readOptional,
  readText,
  toInstant,
} from './claims.js';
import { DEVICE_HASH } from './device.js';
import { InvalidDocument } from './invalid-document.js';
import { openDocument, signDocument, type SigningKey, type Trust, type Verify } from './signed-document.js';

export const LEASE_TYP = 'license-lease+jwt';
/** In characters; a lease of ours has about a thousand. Nothing longer is even decoded. */
export const LEASE_MAX_LENGTH = 16_384;
/** Fresh for 24 h, in ms (contract, C2). */
export const LEASE_FRESH_MS = 86_400_000;
/** Then usable for 7 d more, in ms (S1-35, C2). */
export const LEASE_GRACE_MS = 7 * 86_400_000;

/** A signed suspension or revocation is a lease too: one document, one rule for what is newer. */
export const LEASE_STATUSES = ['active', 'suspended', 'revoked'] as const;
export type LeaseStatus = (typeof LEASE_STATUSES)[number];

/** The tenant's heartbeat policy (S1-29, C2); lease-state.ts says what each means for a client. */
export const LEASE_MODES = ['none', 'hybrid', 'strict', 'relaxed', 'instance'] as const;
export type LeaseMode = (typeof LEASE_MODES)[number];

/** What was left of a meter when the lease was issued (C44). */
export interface QuotaRemainder {
  meter: string;
  /** Until `resetsAt`; null: unlimited. */
  remaining: number | null;
  /** What each offline day after `resetsAt` gives; null: unlimited. */
  perDayAllowance: number | null;
  /** Epoch ms; null: it never resets. */
  resetsAt: number | null;
}

/** What is left to a client whose lease has ended. */
export interface Fallback {
  plan: string;
  entitlements: readonly string[];
  /** Per UTC day. A meter that is not named gives nothing. */
  allowances: readonly { meter: string; perDay: number | null }[];
}

/** The right to use a licence on one device for a while. Times are epoch milliseconds, UTC. */
export interface Lease {
  issuer: string;
  licenseId: string;
  tenantId: string;
  /** For people to read; programs ask for entitlements. */
  plan: string;
  entitlements: readonly string[];
  /** See deviceMessage: 64 hexadecimal digits. */
  device: string;
  status: LeaseStatus;
  mode: LeaseMode;
  /** Grows with every change of the licence: a higher one replaces whatever a client has. */
  revision: number;
  issuedAt: number;
  freshUntil: number;
  usableUntil: number;
  /** It ends with the seat: one device more than may be offline. */
  seatBound: boolean;
  /** When the seat lapses unless a heartbeat moves it; null: issued without one. */
  seatExpiresAt: number | null;
  quota: readonly QuotaRemainder[];
  /** What Free means here; left out: what the client was built with. */
  fallback?: Fallback;
  /** Echo of an air-gapped request. */
  nonce?: string;
}

/** The two ends of a lease's life. `freshMs` and `graceMs` choose another life for an air-gapped activation. */
export function leaseLife(issuedAt: number, freshMs = LEASE_FRESH_MS, graceMs = LEASE_GRACE_MS) {
  return { freshUntil: issuedAt + freshMs, usableUntil: issuedAt + freshMs + graceMs };
}

/**
 * Signs a lease: `license-lease+jwt`, a compact JWS with header `{alg: EdDSA, typ, kid}` and the claims in snake_case.
 * Throws InvalidDocument when clients would refuse it.
 */
export function encodeLease(lease: Lease, key: SigningKey): string {
  const claims = leaseToClaims(lease);
  leaseFromClaims(claims);
  return signDocument(LEASE_TYP, claims, key, LEASE_MAX_LENGTH);
}

/** What a lease has to be about. What is left out is not compared. */
export interface LeaseExpectation {
  device?: string;
  licenseId?: string;
  nonce?: string;
}

/**
 * The lease in a token, once its signature, type, size and claims hold. Whether it is still usable is leaseState's
 * question. Throws InvalidDocument.
 */
export async function verifyLease(
  token: string,
  trust: Trust,
  verify: Verify,
  expected: LeaseExpectation = {},
): Promise<Lease> {
  const { claims } = await openDocument(LEASE_TYP, token, trust, verify, LEASE_MAX_LENGTH);
  const lease = leaseFromClaims(claims);
  if (expected.licenseId !== undefined && lease.licenseId !== expected.licenseId) {
    throw new InvalidDocument('WRONG_LICENSE', 'It is a lease of another licence.');
  }
  if (expected.device !== undefined && lease.device !== expected.device) {
    throw new InvalidDocument('WRONG_DEVICE', 'It is a lease of another device.');
  }
  if (expected.nonce !== undefined && lease.nonce !== expected.nonce) {
    throw new InvalidDocument('WRONG_NONCE', 'It answers another request.');
  }
  return lease;
}

export function leaseToClaims(lease: Lease): Claims {
  return {
    iss: lease.issuer,
    license_id: lease.licenseId,
    tenant_id: lease.tenantId,
    plan: lease.plan,
    entitlements: lease.entitlements,
    device: lease.device,
    status: lease.status,
    mode: lease.mode,
    revision: lease.revision,
    issued_at: toInstant(lease.issuedAt),
    fresh_until: toInstant(lease.freshUntil),
    usable_until: toInstant(lease.usableUntil),
    seat_bound: lease.seatBound,
    seat_expires_at: nullable(lease.seatExpiresAt, toInstant),
    quota: lease.quota.map((one) => ({
      meter: one.meter,
      remaining: one.remaining,
      per_day_allowance: one.perDayAllowance,
      resets_at: nullable(one.resetsAt, toInstant),
    })),
    ...(lease.fallback && {
      fallback: {
        plan: lease.fallback.plan,
        entitlements: lease.fallback.entitlements,
        allowances: lease.fallback.allowances.map((one) => ({ meter: one.meter, per_day: one.perDay })),
      },
    }),
    ...(lease.nonce !== undefined && { nonce: lease.nonce }),
  };
}

/** Reads claims strictly: a missing or odd one throws InvalidDocument, an unknown one is passed over (additive). */
export function leaseFromClaims(claims: Claims): Lease {
  const lease: Lease = {
    issuer: readText(claims, 'iss'),
    licenseId: readText(claims, 'license_id'),
    tenantId: readText(claims, 'tenant_id'),
    plan: readText(claims, 'plan'),
    entitlements: readNames(claims, 'entitlements'),
    device: readMatch(claims, 'device', DEVICE_HASH, '64 hexadecimal digits'),
    status: readOneOf(claims, 'status', LEASE_STATUSES),
    mode: readOneOf(claims, 'mode', LEASE_MODES),
    revision: readCount(claims, 'revision'),
    issuedAt: readInstant(claims, 'issued_at'),
    freshUntil: readInstant(claims, 'fresh_until'),
    usableUntil: readInstant(claims, 'usable_until'),
    seatBound: readFlag(claims, 'seat_bound'),
    seatExpiresAt: readNullable(claims, 'seat_expires_at', readInstant),
    quota: readList(claims, 'quota', 64, readRemainder),
    fallback: readOptional(claims, 'fallback', readFallback),
    nonce: readOptional(claims, 'nonce', readText),
  };
  if (lease.freshUntil < lease.issuedAt) throw bad('fresh_until', 'no earlier than issued_at');
  if (lease.usableUntil < lease.freshUntil) throw bad('usable_until', 'no earlier than fresh_until');
  if (lease.seatBound && lease.seatExpiresAt === null)
    throw bad('seat_expires_at', 'an instant when seat_bound');
  if (new Set(lease.quota.map((one) => one.meter)).size !== lease.quota.length)
    throw bad('quota', 'one entry a meter');
  return lease;
}

function readRemainder(item: unknown): QuotaRemainder {
  const claims = asObject(item, 'quota entry');
  return {
    meter: readText(claims, 'meter', 128),
    remaining: readNullable(claims, 'remaining', readCount),
    perDayAllowance: readNullable(claims, 'per_day_allowance', readCount),
    resetsAt: readNullable(claims, 'resets_at', readInstant),
  };
}

function readFallback(from: Claims, name: string): Fallback {
  const claims = asObject(from[name], name);
  return {
    plan: readText(claims, 'plan'),
    entitlements: readNames(claims, 'entitlements'),
    allowances: readList(claims, 'allowances', 64, (item) => {
      const one = asObject(item, 'allowance');
      return { meter: readText(one, 'meter', 128), perDay: readNullable(one, 'per_day', readCount) };
    }),
  };
}

const nullable = <T, R>(value: T | null, map: (value: T) => R): R | null =>
  value === null ? null : map(value);
