import { z } from 'zod';
import { idOf } from '#platform';
import { TenantView, TokensView, UserView } from '#identity';
import type { Registered } from '../use-cases/register.js';

export const RegisteredView = TokensView.extend({
  user: UserView.omit({ displayName: true }),
  tenant: TenantView,
  license: z
    .object({
      id: idOf('lic'),
      /** Only in the answer that made it; the mail has it too. */
      key: z.string().optional(),
      tier: z.string(),
      status: z.string(),
    })
    .nullable(),
});

export function registeredView(made: Registered): z.input<typeof RegisteredView> {
  const { license, licenseKey } = made;
  return {
    ...made.tokens,
    user: made.user,
    tenant: made.tenant,
    license: license && {
      id: license.id,
      key: licenseKey ?? undefined,
      tier: license.tier,
      status: license.status,
    },
  };
}

export const REGISTERED_EXAMPLE = {
  user: { id: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d', email: 'ada@example.com', email_verified: true },
  tenant: {
    id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
    name: 'Acme Tools',
    slug: 'acme-tools',
    plan: 'FREE',
    max_seats: 1,
  },
  license: {
    id: 'lic_01k9zq6mwee4rr8q3fjz6c1v2d',
    key: 'GH-FREE-0123456789AB-3A5F',
    tier: 'FREE',
    status: 'active',
  },
  access_token: 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln',
  refresh_token: 'rft_AZr6',
  token_type: 'Bearer',
  expires_in: 3600,
};
