import { z } from 'zod';
import { idOf } from '#platform';
import type { Profile, Tokens } from '../use-cases/issue-tokens.js';
import type { ServiceProfile } from '../use-cases/read-service-accounts.js';

export const TokensView = z.object({
  accessToken: z.string(),
  refreshToken: z.string(),
  tokenType: z.literal('Bearer'),
  /** Seconds until the access token ends. */
  expiresIn: z.int(),
});

export const UserView = z.object({
  id: idOf('usr'),
  email: z.string(),
  emailVerified: z.boolean(),
  displayName: z.string().nullable(),
});

export const TenantView = z.object({
  id: idOf('ten'),
  name: z.string(),
  slug: z.string(),
  plan: z.string(),
  /** null: as many as they like. */
  maxSeats: z.int().nullable(),
});

export const SignedInView = TokensView.extend({ user: UserView, tenant: TenantView });

export const MeView = z.object({
  user: UserView.extend({
    /** BCP 47; null when they have not said. */
    locale: z.string().nullable(),
    /** IANA; null when they have not said. */
    timeZone: z.string().nullable(),
  }),
  tenant: TenantView,
  role: z.string(),
  scopes: z.array(z.string()),
  plan: z.string(),
});

export const ServiceMeView = z.object({
  serviceAccount: z.object({ id: idOf('svc'), name: z.string() }),
  tenant: TenantView,
  scopes: z.array(z.string()),
  plan: z.string(),
});

export const LogoutView = z.object({ revoked: z.int() });

export const signedInView = (profile: Profile & { tokens: Tokens }): z.input<typeof SignedInView> => ({
  ...profile.tokens,
  user: profile.user,
  tenant: profile.tenant,
});

export const serviceMeView = (
  { serviceAccount, tenant }: ServiceProfile,
  scopes: Iterable<string>,
): z.input<typeof ServiceMeView> => ({ serviceAccount, tenant, scopes: [...scopes], plan: tenant.plan });

export const meView = (profile: Profile, scopes: Iterable<string>): z.input<typeof MeView> => ({
  user: profile.user,
  tenant: profile.tenant,
  role: profile.role,
  scopes: [...scopes],
  plan: profile.tenant.plan,
});
