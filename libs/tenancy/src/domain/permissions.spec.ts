import { GRANTABLE, grantsOfRole, isWithin, mustBeWithin, PERMISSIONS, scopesUnder } from './permissions.js';
import { ROLES } from './role.js';

const FREE = ['commands:execute'];
const TEAM = ['commands:execute', 'collaboration:use', 'roles:manage', 'sync:read', 'sync:write'];

describe('the table of roles (S1-27, S2-42)', () => {
  it('has each scope once, with a sentence, and a role for each', () => {
    expect(new Set(PERMISSIONS.map((one) => one.scope)).size).toBe(PERMISSIONS.length);
    for (const { scope, roles, means } of PERMISSIONS) {
      expect([scope, roles.length]).not.toEqual([scope, 0]);
      expect(means).toMatch(/^[A-Z].*\.$/);
    }
  });

  // Written down a second time: whoever changes who may do what says so here, too.
  it.each([
    [
      'admin',
      'licenses:read seats:acquire licenses:reveal licenses:manage seats:read audit:read service_accounts:manage ' +
        'tenant:read tenant:manage members:read members:invite members:manage roles:manage sync:read',
    ],
    ['billing', 'licenses:read tenant:read members:read billing:read billing:manage'],
    ['developer', 'licenses:read seats:acquire licenses:reveal tenant:read members:read sync:read'],
    ['member', 'licenses:read seats:acquire tenant:read members:read sync:read'],
    ['viewer', 'licenses:read tenant:read sync:read'],
  ] as const)('%s may: %s', (role, scopes) => {
    expect(grantsOfRole(role)).toEqual(scopes.split(' '));
  });

  it('gives the owner all of it, and nobody else what is the owner’s', () => {
    expect(grantsOfRole('owner')).toEqual(PERMISSIONS.map((one) => one.scope));
    for (const role of ROLES.slice(1)) expect(isWithin(GRANTABLE, grantsOfRole(role))).toBe(true);
    expect(GRANTABLE).not.toContain('tenant:delete');
  });
});

describe('scopes under a plan', () => {
  it('fall away without the entitlement that they need', () => {
    expect(scopesUnder(grantsOfRole('admin'), FREE)).not.toContain('roles:manage');
    expect(scopesUnder(grantsOfRole('admin'), TEAM)).toContain('roles:manage');
    expect(scopesUnder(grantsOfRole('member'), TEAM)).not.toContain('roles:manage');
  });

  it('are followed by the plan’s own, for those who run the program', () => {
    for (const role of ['owner', 'admin', 'developer', 'member'] as const)
      expect(scopesUnder(grantsOfRole(role), TEAM)).toEqual(
        expect.arrayContaining(['commands:execute', 'collaboration:use', 'sync:write', 'sync:read']),
      );
    expect(scopesUnder(grantsOfRole('viewer'), TEAM)).toEqual(['licenses:read', 'tenant:read', 'sync:read']);
    expect(scopesUnder(grantsOfRole('billing'), TEAM)).not.toContain('commands:execute');
    expect(scopesUnder(['seats:acquire'], FREE)).toEqual(['seats:acquire', 'commands:execute']);
  });

  it('name nothing twice', () => {
    const scopes = scopesUnder(grantsOfRole('owner'), TEAM);
    expect(new Set(scopes).size).toBe(scopes.length);
  });
});

describe('what is above somebody', () => {
  it('is what has a scope that theirs has not', () => {
    expect(() => mustBeWithin(grantsOfRole('admin'), grantsOfRole('developer'))).not.toThrow();
    expect(() => mustBeWithin(grantsOfRole('admin'), grantsOfRole('admin'))).not.toThrow();
    expect(() => mustBeWithin(grantsOfRole('admin'), grantsOfRole('owner'))).toThrow(
      expect.objectContaining({ code: 'ROLE_ABOVE_OWN' }),
    );
    expect(() => mustBeWithin(grantsOfRole('admin'), grantsOfRole('billing'))).toThrow();
  });
});
