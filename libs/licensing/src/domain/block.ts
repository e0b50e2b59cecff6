import type { LicenseStatus } from './license.js';
import type { Purchase } from './purchase.js';

/** Why nothing is given on a licence. */
export type Block = 'SUSPENDED' | 'REVOKED' | 'TRANSFERRED';

interface Blockable {
  status: LicenseStatus;
  tenantSuspended: boolean;
  purchase: Purchase | null;
}

/** The licence's own status, its tenant's and its purchase's, as one word; null: none stands in the way. */
export function blockOf(license: Blockable): Block | null {
  const { status, tenantSuspended, purchase } = license;
  if (status === 'transferred') return 'TRANSFERRED';
  if (status === 'revoked') return 'REVOKED';
  return status === 'suspended' || tenantSuspended || purchase?.access === 'none' ? 'SUSPENDED' : null;
}

/** What people are shown: a licence on which nothing is given is suspended, whatever stands in the way. */
export const shownStatus = (license: Blockable): LicenseStatus =>
  license.status === 'active' && blockOf(license) ? 'suspended' : license.status;
