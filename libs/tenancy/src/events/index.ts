import { z } from 'zod';
import { defineEvent, idOf } from '#platform';

export const TenantRegistered = defineEvent(
  'tenancy.tenant.registered',
  1,
  z.strictObject({
    tenantId: idOf('ten'),
    name: z.string(),
    slug: z.string(),
    plan: z.string(),
    maxSeats: z.int(),
    ownerUserId: idOf('usr'),
    /** Its owner had an account, with a proved address; left out of a sign-up. */
    isFurther: z.literal(true).optional(),
  }),
);

/** `revision` is the tenant's after the change: the greatest one told is what holds, in whatever order they arrive. */
const StatusChanged = z.strictObject({ tenantId: idOf('ten'), revision: z.int() });

export const TenantSuspended = defineEvent('tenancy.tenant.suspended', 1, StatusChanged);

export const TenantReactivated = defineEvent('tenancy.tenant.reactivated', 1, StatusChanged);

/** Somebody asked for the end of the tenant; until `deletesAt` (ISO 8601) it may be taken back. */
export const TenantDeletionAsked = defineEvent(
  'tenancy.deletion.asked',
  1,
  z.strictObject({ tenantId: idOf('ten'), deletesAt: z.iso.datetime() }),
);

/** Its end was taken back in time. */
export const TenantRestored = defineEvent(
  'tenancy.tenant.restored',
  1,
  z.strictObject({ tenantId: idOf('ten') }),
);

/**
 * It is over. The last event of a tenant: what has to be done while its rows are there, its handlers do; they are erased
 * once all of its events have been handled.
 */
export const TenantDeleted = defineEvent('tenancy.tenant.deleted', 1, StatusChanged);

const OfExport = z.strictObject({ exportId: idOf('exp') });

/** Somebody asked for a file of all that the tenant owns. */
export const ExportRequested = defineEvent(
  'tenancy.export.requested',
  1,
  OfExport.extend({ userId: idOf('usr') }),
);

export const ExportMade = defineEvent(
  'tenancy.export.made',
  1,
  OfExport.extend({
    userId: idOf('usr'),
    size: z.int(),
    sha256: z.string(),
    records: z.int(),
    until: z.iso.datetime(),
  }),
);

export const ExportFailed = defineEvent(
  'tenancy.export.failed',
  1,
  OfExport.extend({ userId: idOf('usr'), failure: z.string() }),
);

/** Somebody fetched the file, or the part of it from `from` on. */
export const ExportDownloaded = defineEvent(
  'tenancy.export.downloaded',
  1,
  OfExport.extend({ from: z.int() }),
);

export const ExportRemoved = defineEvent('tenancy.export.removed', 1, OfExport);

/** What the tenant keeps no longer than `days` was removed: how much of which table. */
export const RetentionApplied = defineEvent(
  'tenancy.retention.applied',
  1,
  z.strictObject({
    tenantId: idOf('ten'),
    days: z.int(),
    removed: z.array(z.strictObject({ table: z.string(), rows: z.int() })),
  }),
);

/** What the tenant asks of those who sign in to it. */
export const SignInPolicyChanged = defineEvent(
  'tenancy.sign_in_policy.changed',
  1,
  StatusChanged.extend({ secondFactorRequired: z.boolean() }),
);

/** What the tenant may do by its licence. null: no limit. */
export const PlanChanged = defineEvent(
  'tenancy.plan.changed',
  1,
  StatusChanged.extend({
    plan: z.string(),
    maxSeats: z.int().nullable(),
    maxMembers: z.int().nullable(),
  }),
);

export const TenantRenamed = defineEvent(
  'tenancy.tenant.renamed',
  1,
  StatusChanged.extend({ name: z.string(), slug: z.string() }),
);

/** What the tenant chose for itself; all of it, as it holds now. */
export const SettingsChanged = defineEvent(
  'tenancy.settings.changed',
  1,
  StatusChanged.extend({
    signUpMode: z.string(),
    allowedDomains: z.array(z.string()),
    retentionDays: z.int().nullable(),
  }),
);

const membership = { membershipId: idOf('mem'), userId: idOf('usr'), role: z.string() };

export const MembershipCreated = defineEvent(
  'tenancy.membership.created',
  1,
  z.strictObject({
    ...membership,
    /** How they came: left out for owners of a new tenant and for operators' doing. */
    by: z.enum(['invitation', 'domain']).optional(),
  }),
);

export const MembershipRoleChanged = defineEvent(
  'tenancy.membership_role.changed',
  1,
  z.strictObject({ ...membership, before: z.string() }),
);

/** Why a membership ended. */
export const MEMBERSHIP_ENDS = ['removed', 'left', 'account_deleted'] as const;

export const MembershipEnded = defineEvent(
  'tenancy.membership.ended',
  1,
  z.strictObject({ ...membership, reason: z.enum(MEMBERSHIP_ENDS) }),
);

const role = { role: z.string() };
const scopes = z.array(z.string());

export const RoleCreated = defineEvent('tenancy.role.created', 1, z.strictObject({ ...role, scopes }));

export const RoleScopesChanged = defineEvent(
  'tenancy.role_scopes.changed',
  1,
  z.strictObject({ ...role, scopes }),
);

export const RoleDeleted = defineEvent('tenancy.role.deleted', 1, z.strictObject(role));

const invitationId = idOf('inv');

/** The worker writes the mail. Whose address it is stays with the invitation. */
export const InvitationCreated = defineEvent(
  'tenancy.invitation.created',
  1,
  z.strictObject({ invitationId, ...role, generation: z.int() }),
);

/** Its token of before is void; the worker writes the next one. */
export const InvitationResent = defineEvent(
  'tenancy.invitation.resent',
  1,
  z.strictObject({ invitationId, ...role, generation: z.int() }),
);

/** By whoever may, or because who sent it may not invite so any more. */
export const INVITATION_REVOCATIONS = ['revoked', 'inviter_gone', 'inviter_demoted'] as const;

export const InvitationRevoked = defineEvent(
  'tenancy.invitation.revoked',
  1,
  z.strictObject({ invitationId, ...role, reason: z.enum(INVITATION_REVOCATIONS) }),
);

export const InvitationAccepted = defineEvent(
  'tenancy.invitation.accepted',
  1,
  z.strictObject({ invitationId, ...role, userId: idOf('usr') }),
);

export const InvitationDeclined = defineEvent(
  'tenancy.invitation.declined',
  1,
  z.strictObject({ invitationId, ...role }),
);

export const InvitationExpired = defineEvent(
  'tenancy.invitation.expired',
  1,
  z.strictObject({ invitationId, ...role }),
);
