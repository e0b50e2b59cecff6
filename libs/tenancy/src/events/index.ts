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
  }),
);

/** `revision` is the tenant's after the change: the greatest one told is what holds, in whatever order they arrive. */
const StatusChanged = z.strictObject({ tenantId: idOf('ten'), revision: z.int() });

export const TenantSuspended = defineEvent('tenancy.tenant.suspended', 1, StatusChanged);

export const TenantReactivated = defineEvent('tenancy.tenant.reactivated', 1, StatusChanged);

/** What the tenant asks of those who sign in to it. */
export const SignInPolicyChanged = defineEvent(
  'tenancy.sign_in_policy.changed',
  1,
  StatusChanged.extend({ secondFactorRequired: z.boolean() }),
);

export const MembershipCreated = defineEvent(
  'tenancy.membership.created',
  1,
  z.strictObject({ membershipId: idOf('mem'), userId: idOf('usr'), role: z.string() }),
);
