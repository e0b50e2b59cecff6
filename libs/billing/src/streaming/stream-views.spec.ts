import type { LicenseRow } from '#licensing';
import { licenseState } from './stream-views.js';

type Row = Pick<LicenseRow, 'status' | 'tenantSuspended' | 'purchase'>;

/** What the stream tells of a licence does not go by the rest of its row. */
const told = (row: Row) =>
  licenseState({
    ...{ id: 'lic_1', tier: 'TEAM', expiresAt: null, terms: { seats: 5, entitlements: [] } },
    ...row,
  } as unknown as LicenseRow).status;

const bought = (access: 'full' | 'none') => ({
  ...{ revision: 1, state: 'active', access, plan: 'TEAM' as const, seats: null, offlineUntil: null },
});

describe('a licence in the stream of billing', () => {
  it('is suspended for whatever nothing is given on it, as REST says', () => {
    const active = { status: 'active', tenantSuspended: false, purchase: bought('full') } as const;
    expect(told(active)).toBe('active');
    expect(told({ ...active, purchase: bought('none') })).toBe('suspended');
    expect(told({ ...active, tenantSuspended: true })).toBe('suspended');
    expect(told({ ...active, status: 'revoked', purchase: bought('none') })).toBe('revoked');
  });
});
