import { z } from 'zod';
import { idOf } from '#platform';

const OrganizationView = z.object({
  id: idOf('ten'),
  name: z.string(),
  slug: z.string(),
  /** The caller's there. */
  role: z.string(),
  plan: z.string(),
  status: z.string(),
});

export const OrganizationsView = z.object({
  data: z.array(OrganizationView),
  nextCursor: idOf('ten').nullable(),
});

export const MadeOrganizationView = OrganizationView.extend({
  license: z.object({
    id: idOf('lic'),
    /** In full only here, and in the mail. */
    key: z.string(),
    tier: z.string(),
    status: z.string(),
  }),
});

export const JoinedView = z.object({
  tenant: z.object({ id: idOf('ten'), name: z.string(), slug: z.string() }),
  membership: z.object({ id: idOf('mem'), role: z.string() }),
});

export const ORGANIZATION_EXAMPLE = {
  id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
  name: 'Acme Tools',
  slug: 'acme-tools',
  role: 'owner',
  plan: 'FREE',
  status: 'active',
};

export const JOINED_EXAMPLE = {
  tenant: { id: ORGANIZATION_EXAMPLE.id, name: 'Acme Tools', slug: 'acme-tools' },
  membership: { id: 'mem_01k9zq6mwee4rr8q3fjz6c1v2d', role: 'developer' },
};
