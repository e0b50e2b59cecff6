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
});

export const tenantDetailsView = (tenant: TenantDetails): z.input<typeof TenantDetailsView> => tenant;

export const TENANT_DETAILS_EXAMPLE = {
  id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
  name: 'Acme Tools',
  slug: 'acme-tools',
  plan: 'TEAM',
  max_seats: 5,
  max_members: 25,
  status: 'active',
  created_at: '2026-11-22T18:00:00.000Z',
};
