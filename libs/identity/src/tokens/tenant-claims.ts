import type { LicenseRow } from '#licensing';
import { type MembershipDescription, scopesUnder } from '#tenancy';
import type { UserRow } from '../persistence/users.js';

/** Who somebody is, all of it. */
export interface Profile extends MembershipDescription {
  user: UserRow;
  license: LicenseRow | null;
  /** From which on their access tokens of that tenant hold; read before the rest. */
  epoch: number;
}

/** What our tokens and the upstream issuer's say of a person in their tenant, in the same words. */
export interface TenantClaims {
  email_verified: boolean;
  tenant_id: string;
  role: string;
  tier: string;
  /** The role's, then the plan's. */
  scopes: string[];
  /** null: as many as they like. */
  max_seats: number | null;
}

export const tenantClaims = ({
  user,
  tenant,
  role,
  grants,
  license,
}: Omit<Profile, 'epoch'>): TenantClaims => ({
  email_verified: user.emailVerified,
  tenant_id: tenant.id,
  role,
  tier: license?.tier ?? 'FREE',
  scopes: scopesUnder(grants, license?.terms.entitlements ?? []),
  max_seats: license ? license.terms.seats : tenant.maxSeats,
});
