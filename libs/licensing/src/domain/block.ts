import type { LicenseStatus } from './license.js';

/** Why nothing is given on a licence. */
export type Block = 'SUSPENDED' | 'REVOKED' | 'TRANSFERRED';

/** The licence's own status and its tenant's, as one word; null: neither stands in the way. */
export function blockOf(license: { status: LicenseStatus; tenantSuspended: boolean }): Block | null {
  const { status, tenantSuspended } = license;
  if (status === 'transferred') return 'TRANSFERRED';
  if (status === 'revoked') return 'REVOKED';
  return status === 'suspended' || tenantSuspended ? 'SUSPENDED' : null;
}
