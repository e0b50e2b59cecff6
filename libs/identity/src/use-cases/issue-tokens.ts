import { Injectable } from '@nestjs/common';
import { type Actor, DomainError, unauthenticated } from '#platform';
import { type LicenseRow, ReadLicenses } from '#licensing';
import { DescribeMembership, type MembershipDescription } from '#tenancy';
import { type UserRow, Users } from '../persistence/users.js';
import type { AuthSession } from '../domain/auth-session.js';
import { ACCESS_TOKEN_SECONDS, AccessTokens } from '../tokens/access-tokens.js';
import { formatRefreshToken, type RefreshToken } from '../tokens/refresh-token.js';

/** Who somebody is, all of it. */
export interface Profile extends MembershipDescription {
  user: UserRow;
  license: LicenseRow | null;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  tokenType: 'Bearer';
  /** Seconds. */
  expiresIn: number;
}

/** Builds what a person holds after signing in, from what tenancy and licensing say at that moment. */
@Injectable()
export class IssueTokens {
  constructor(
    private readonly users: Users,
    private readonly describeMembership: DescribeMembership,
    private readonly readLicenses: ReadLicenses,
    private readonly accessTokens: AccessTokens,
  ) {}

  /**
   * The profile of the actor, in the actor's tenant or in their oldest. Throws the one 401 for a person who is in
   * no tenant, 403 `TENANT_SUSPENDED`.
   */
  async profile(actor: Actor): Promise<Profile> {
    const [user, membership] = await Promise.all([
      this.users.self(actor),
      this.describeMembership.execute(actor),
    ]);
    if (!user || !membership) throw unauthenticated('no such person in that tenant');
    if (membership.tenant.status === 'suspended') {
      throw new DomainError('forbidden', 'TENANT_SUSPENDED', 'The organisation is suspended.');
    }
    const license = await this.readLicenses.first(actor.as({ tenantId: membership.tenant.id }));
    return { ...membership, user, license };
  }

  tokens(profile: Profile, session: AuthSession, refreshToken: RefreshToken): Tokens {
    const { user, tenant, role, scopes, license } = profile;
    const accessToken = this.accessTokens.issue({
      sub: user.id,
      sid: session.id,
      email: user.email,
      email_verified: user.emailVerified,
      tenant_id: tenant.id,
      org_id: null,
      role,
      tier: license?.tier ?? 'FREE',
      scopes: [...scopes, ...(license?.terms.entitlements ?? [])],
      license_id: license?.id ?? null,
      max_seats: tenant.maxSeats,
      amr: session.amr,
      auth_time: Math.floor(session.authTime.getTime() / 1000),
    });
    return {
      accessToken,
      refreshToken: formatRefreshToken(refreshToken),
      tokenType: 'Bearer',
      expiresIn: ACCESS_TOKEN_SECONDS,
    };
  }
}
