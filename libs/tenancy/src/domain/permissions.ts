import { DomainError } from '#platform';
import { type Role, ROLES } from './role.js';

/** A line of the table. */
export interface Permission {
  scope: string;
  /** The built-in roles that have it. */
  roles: readonly Role[];
  /** The entitlement of the plan that it needs besides; null: none. */
  needs: string | null;
  /** What it lets somebody do. */
  means: string;
}

const ALL = ROLES;
const RUN: readonly Role[] = ['owner', 'admin', 'developer', 'member'];
const ADMINS: readonly Role[] = ['owner', 'admin'];
const PAYERS: readonly Role[] = ['owner', 'billing'];
const OWNER: readonly Role[] = ['owner'];

const line = (scope: string, roles: readonly Role[], means: string, needs: string | null = null) => ({
  scope,
  roles,
  needs,
  means,
});

/** Who may do what: scope by scope, role x plan. The one table; tokens, GET /auth/me and service accounts follow it. */
export const PERMISSIONS: readonly Permission[] = [
  line('licenses:read', ALL, 'See the licences, their keys only masked.'),
  line('seats:acquire', RUN, 'Run the program: take seats, and use what the plan gives besides.'),
  line('licenses:reveal', [...ADMINS, 'developer'], 'See the keys of licences in full.'),
  line('licenses:manage', ADMINS, 'Change how licences are used: names, devices, settings.'),
  line('seats:read', ADMINS, 'See who holds which seat, and free seats.'),
  line('audit:read', ADMINS, 'Read the audit trail.'),
  line('service_accounts:manage', ADMINS, 'Look after service accounts and API keys.'),
  line('tenant:read', ALL, 'See the organisation: name, plan, settings, roles.'),
  line('tenant:manage', ADMINS, 'Change the name of the organisation and its settings.'),
  line('members:read', [...RUN, 'billing'], 'See who is a member.'),
  line('members:invite', ADMINS, 'Invite people, and take invitations back.'),
  line('members:manage', ADMINS, 'Change the roles of members, and remove them.'),
  line('roles:manage', ADMINS, 'Make and change roles of the organisation’s own.', 'roles:manage'),
  line('billing:read', PAYERS, 'See the subscription and the invoices.'),
  line('billing:manage', PAYERS, 'Buy, change and cancel.'),
  line('tenant:export', OWNER, 'Export everything that the organisation owns.'),
  line('tenant:transfer', OWNER, 'Hand the organisation over to somebody else.'),
  line('tenant:delete', OWNER, 'Delete the organisation, and take that back.'),
  line('sync:read', [...RUN, 'viewer'], 'Read what is synchronised.', 'sync:read'),
];

const BY_SCOPE = new Map(PERMISSIONS.map((one) => [one.scope, one]));
const NEEDS = new Map(PERMISSIONS.filter((one) => one.needs !== null).map((one) => [one.scope, one.needs!]));

/** Whoever has it runs the program. */
export const RUNS = 'seats:acquire';

/** What a role that is not the owner can have: a custom role, and a service account. */
export const GRANTABLE: readonly string[] = PERMISSIONS.filter((one) =>
  one.roles.some((role) => role !== 'owner'),
).map((one) => one.scope);

/** What a built-in role stands for, whatever the plan. */
export const grantsOfRole = (role: Role): readonly string[] =>
  PERMISSIONS.filter((one) => one.roles.includes(role)).map((one) => one.scope);

/**
 * What grants come to under a plan: each that needs an entitlement falls away without it, and entitlements that stand in
 * no line of the table go to whoever runs the program. Pure.
 */
export function scopesUnder(grants: readonly string[], entitlements: readonly string[]): string[] {
  const held = grants.filter((scope) => {
    const needs = NEEDS.get(scope);
    return needs === undefined || entitlements.includes(needs);
  });
  const besides = grants.includes(RUNS) ? entitlements.filter((name) => !BY_SCOPE.has(name)) : [];
  return [...held, ...besides];
}

/** Nobody gives, changes or takes away more than they have. Throws 403 `ROLE_ABOVE_OWN`. */
export function mustBeWithin(own: readonly string[], other: readonly string[]): void {
  if (isWithin(own, other)) return;
  throw new DomainError('forbidden', 'ROLE_ABOVE_OWN', 'That role may do what yours may not.');
}

export const isWithin = (own: readonly string[], other: readonly string[]): boolean =>
  other.every((scope) => own.includes(scope));
