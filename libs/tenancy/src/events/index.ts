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

export const TenantSuspended = defineEvent('tenancy.tenant.suspended', 1, z.strictObject({ tenantId: idOf('ten') }));

export const TenantReactivated = defineEvent('tenancy.tenant.reactivated', 1, z.strictObject({ tenantId: idOf('ten') }));

export const MembershipCreated = defineEvent(
  'tenancy.membership.created',
  1,
  z.strictObject({ membershipId: idOf('mem'), userId: idOf('usr'), role: z.string() }),
);
