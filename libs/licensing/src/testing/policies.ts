import { newId } from '#platform';
import { type Terms, termsAt, type TermsPatch } from '../domain/terms.js';
import type { PoolPolicy } from '../seats/pool-policy.js';

/** Terms as a plan of `patch` alone gives them. */
export const termsOf = (patch: TermsPatch = {}): Terms =>
  termsAt({ plan: patch, policy: null, tenant: [], license: [], tenantMode: null, flags: {} }, new Date(0));

/** A sound policy of a new licence with one seat, but for what is said. */
export const aPolicy = (
  patch: Partial<Omit<PoolPolicy, 'terms'>> = {},
  terms: TermsPatch = {},
): PoolPolicy => ({
  tenantId: newId('ten'),
  licenseId: newId('lic'),
  productId: null,
  tier: 'FREE',
  status: 'active',
  blocked: null,
  isHolderUnproved: false,
  expiresAt: null,
  starts: null,
  checkInDueAt: null,
  offlineUntil: null,
  terms: termsOf({ entitlements: ['commands:execute'], ...terms }),
  devices: [],
  users: [],
  timeZone: 'UTC',
  revision: 1,
  catalogueRevision: 0,
  goodUntil: null,
  ...patch,
});
