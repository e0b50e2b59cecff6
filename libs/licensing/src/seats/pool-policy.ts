import type { LicenseType } from '#sdk/formats';

/** Seat TTL in ms, the contract's 360 s (C48). */
export const SEAT_TTL_MS = 360_000;
/** What clients are told to beat at, in seconds: a lost beat costs nothing (C48). */
export const HEARTBEAT_INTERVAL_SECONDS = 150;

/** What the seat scripts and their callers need to know of a licence; kept in Redis beside the pool. */
export interface PoolPolicy {
  tenantId: string;
  licenseId: string;
  tier: LicenseType;
  entitlements: readonly string[];
  /** null: unlimited. */
  maxSeats: number | null;
  keyActivation: boolean;
  blocked: 'SUSPENDED' | 'REVOKED' | null;
  expiresAt: Date | null;
  /** Grows with every change of the licence: an older policy never replaces a newer one. */
  revision: number;
}
