import { judge, type LicenseFacts, VERDICT_CODES } from './verdict.js';

const NOW = new Date('2026-05-01T12:00:00Z');
const sound: LicenseFacts = {
  status: 'active',
  expiresAt: null,
  entitlements: ['sync:read'],
  tenantSuspended: false,
};

describe('the verdict on a licence', () => {
  it.each([
    ['NOT_FOUND', null, []],
    ['REVOKED', { ...sound, status: 'revoked', expiresAt: new Date(0) }, []],
    ['SUSPENDED', { ...sound, status: 'suspended', expiresAt: new Date(0) }, []],
    ['SUSPENDED', { ...sound, tenantSuspended: true }, []],
    ['EXPIRED', { ...sound, expiresAt: NOW }, ['sync:write']],
    ['ENTITLEMENT_MISSING', sound, ['sync:read', 'sync:write']],
    ['VALID', { ...sound, expiresAt: new Date(NOW.getTime() + 1) }, ['sync:read']],
  ] as const)('is %s', (code, license, wanted) => {
    expect(judge(license, wanted, NOW)).toMatchObject({ code, valid: code === 'VALID' });
  });

  it('has a sentence for every code', () => {
    expect(VERDICT_CODES).toHaveLength(6);
    expect(judge(null, [], NOW).detail).not.toBe('');
  });
});
