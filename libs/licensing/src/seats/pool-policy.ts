import { createHash } from 'node:crypto';
import type { LicenseType } from '#sdk/formats';
import { type Block, blockOf } from '../domain/block.js';
import { whyNotByKey } from '../domain/key-alone.js';
import type { LicenseStatus } from '../domain/license.js';
import { checkInDueAt } from '../domain/license-term.js';
import { type Terms, termsGoodUntil } from '../domain/terms.js';
import type { LicenseRow } from '../persistence/license-row.js';
import type { SeatTimes } from './seat-times.js';

/** What seats, quotas, leases and verdicts need to know of a licence; kept in Redis beside its pool. */
export interface PoolPolicy {
  tenantId: string;
  licenseId: string;
  productId: string | null;
  tier: LicenseType;
  status: LicenseStatus;
  blocked: Block | null;
  /** Whoever it was issued to has not proved their address: the key alone is good for nothing. */
  isHolderUnproved: boolean;
  expiresAt: Date | null;
  /** What has to happen before `durationDays` begins; null: nothing, or it has begun. */
  starts: 'first_validation' | 'first_activation' | null;
  /** When the licence is overdue for its check-in; null: never. */
  checkInDueAt: Date | null;
  terms: Terms;
  /** No lease holds longer: what was bought may end then; null: as long as the terms let it. */
  offlineUntil: Date | null;
  /** Devices that a node-locked licence is bound to. */
  devices: readonly string[];
  /** The people named on it. */
  users: readonly string[];
  /** Of the tenant, an IANA name: by it quotas reset. */
  timeZone: string;
  /** Grows with every change of the licence, its tenant's terms or the catalogue: an older policy never replaces a newer one. */
  revision: number;
  /** The catalogue's revision that it was read at: a newer one makes it stale. */
  catalogueRevision: number;
  /** When an override ends and the policy must be read again; null: not by itself. */
  goodUntil: Date | null;
}

/** The policy of a licence as it was read. */
export function poolPolicyOf(row: LicenseRow, now: Date): PoolPolicy {
  const { terms } = row;
  return {
    tenantId: row.tenantId,
    licenseId: row.id,
    productId: row.productId,
    tier: row.tier,
    status: row.status,
    blocked: blockOf(row),
    isHolderUnproved: row.unprovedHolder !== null,
    expiresAt: row.expiresAt,
    starts: row.startedAt === null && terms.expiryBasis !== 'creation' ? terms.expiryBasis : null,
    checkInDueAt: checkInDueAt(row, terms),
    terms,
    offlineUntil: row.purchase?.offlineUntil ? new Date(row.purchase.offlineUntil) : null,
    devices: row.devices,
    users: row.users,
    timeZone: row.timeZone,
    // Each of the three only grows, so their sum does.
    revision: row.revision + row.tenantRevision + row.catalogueRevision,
    catalogueRevision: row.catalogueRevision,
    goodUntil: termsGoodUntil(row.layers, now),
  };
}

const DATES = ['expiresAt', 'checkInDueAt', 'offlineUntil', 'goodUntil'] as const;

/** The policy in the JSON that is kept beside the pool. */
export function parsePolicy(json: string): PoolPolicy {
  const policy = JSON.parse(json) as Record<string, unknown>;
  for (const name of DATES) {
    const text = policy[name];
    policy[name] = typeof text === 'string' ? new Date(text) : null;
  }
  return policy as unknown as PoolPolicy;
}

/** Devices and people that the scripts know of by themselves; of more, Postgres is asked at every acquire. */
const LISTED_MAX = 50_000;

/** The policy as the seat scripts read it, field, value, field, value. */
export function policyFields(policy: PoolPolicy, times: SeatTimes): (string | number)[] {
  const { terms } = policy;
  const end = policy.expiresAt?.getTime() ?? 0;
  const json = JSON.stringify(policy);
  const fields: Record<string, string | number> = {
    max: terms.seatCap ?? -1,
    ttl: times.ttlOf(terms.heartbeatMode),
    step: times.stepOf(terms.heartbeatMode) ?? 0,
    short: times.ttl,
    blocked: policy.blocked ?? '',
    // After the one nothing goes on, after the other nothing new begins.
    ends: terms.expiryStrategy === 'restrict' ? end : 0,
    closes: terms.expiryStrategy === 'maintain' ? end : 0,
    tenant: policy.tenantId,
    catalogue: policy.catalogueRevision,
    good_until: policy.goodUntil?.getTime() ?? 0,
    by_key: whyNotByKey(policy) ?? '1',
    by_user: bit(terms.leasing === 'user'),
    named: bit(terms.namedUsers),
    locked: bit(terms.kind === 'node_locked'),
    linger: terms.lingerSeconds * 1_000,
    patience: terms.queue ? times.patience : 0,
    stamp: stampOf(json),
    json,
  };
  const listed = (name: string, ids: readonly string[]) =>
    ids.slice(0, LISTED_MAX).flatMap((id) => [`${name}:${id}`, 1]);
  return [
    ...Object.entries(fields).flat(),
    ...(terms.kind === 'node_locked' ? listed('device', policy.devices) : []),
    ...(terms.namedUsers ? listed('user', policy.users) : []),
  ];
}

/** Tells one policy from another; two of one revision may differ, when an override has ended. */
export const stampOf = (json: string): string =>
  createHash('sha256').update(json).digest('base64url').slice(0, 22);

const bit = (is: boolean) => (is ? '1' : '0');
