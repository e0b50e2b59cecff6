export const ROLES = ['owner', 'admin', 'billing', 'developer', 'member', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

const MEMBER = ['licenses:read', 'seats:acquire'];
const ADMIN = [
  ...MEMBER,
  'licenses:reveal',
  'licenses:manage',
  'seats:read',
  'audit:read',
  'service_accounts:manage',
];

/** What each role may do, for a person to read. Entitlements of the plan come on top, from licensing. */
const SCOPES: Record<Role, readonly string[]> = {
  owner: ADMIN,
  admin: ADMIN,
  billing: ['licenses:read'],
  developer: MEMBER,
  member: MEMBER,
  viewer: ['licenses:read'],
};

/** All that anybody may do in a tenant by a role. */
export const ROLE_SCOPES: readonly string[] = [...new Set(ROLES.flatMap((role) => SCOPES[role]))];

export const scopesOfRole = (role: Role): readonly string[] => SCOPES[role];
