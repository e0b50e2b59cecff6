import { z } from 'zod';
import { idOf } from '#platform';
import type { TenantDetails } from '../persistence/tenants.js';

export const TenantDetailsView = z.object({
  id: idOf('ten'),
  name: z.string(),
  slug: z.string(),
  plan: z.string(),
  /** People whose role takes seats, at most; null: no limit. */
  maxSeats: z.int().nullable(),
  /** People at most, whatever their role; null: no limit. */
  maxMembers: z.int().nullable(),
  status: z.string(),
  createdAt: z.date(),
  /** Somebody asked for its end, which may be taken back until then. */
  deletion: z.object({ askedAt: z.date(), deletesAt: z.date(), askedBy: idOf('usr') }).nullable(),
});

export const tenantDetailsView = (tenant: TenantDetails): z.input<typeof TenantDetailsView> => {
  const { deletionAskedAt: askedAt, deletesAt, deletionAskedBy: askedBy } = tenant;
  return { ...tenant, deletion: askedAt && deletesAt && askedBy ? { askedAt, deletesAt, askedBy } : null };
};

export const TENANT_DETAILS_EXAMPLE = {
  id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
  name: 'Acme Tools',
  slug: 'acme-tools',
  plan: 'TEAM',
  max_seats: 5,
  max_members: 25,
  status: 'active',
  created_at: '2026-11-22T18:00:00.000Z',
  deletion: null,
};
