import { Injectable } from '@nestjs/common';
import { Actor, notFound, unauthenticated } from '#platform';
import { type LicenseRow, ReadLicenses } from '#licensing';
import { DescribeMembership, ListTenants, SuspendedTenants } from '#tenancy';
import { IdentityConfig } from '../identity.config.js';
import { TokenEpochs } from '../persistence/token-epochs.js';
import { Users } from '../persistence/users.js';
import type { AuthSession } from '../domain/auth-session.js';
import { ACCESS_TOKEN_SECONDS, AccessTokens } from '../tokens/access-tokens.js';
import { formatRefreshToken, type RefreshToken } from '../tokens/refresh-token.js';
import { type Profile, tenantClaims } from '../tokens/tenant-claims.js';

export type { Profile } from '../tokens/tenant-claims.js';

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
    private readonly epochs: TokenEpochs,
    private readonly describeMembership: DescribeMembership,
    private readonly listTenants: ListTenants,
    private readonly suspended: SuspendedTenants,
    private readonly readLicenses: ReadLicenses,
    private readonly accessTokens: AccessTokens,
    private readonly config: IdentityConfig,
  ) {}

  /**
   * The profile of the actor in the actor's tenant. Throws the one 401 for who is no member of it. Whether they may have a
   * session there is StartSession's to decide.
   */
  async profile(here: Actor): Promise<Profile> {
    const profile = await this.profileIn(here);
    if (!profile) throw unauthenticated('no such person in that tenant');
    return profile;
  }

  /**
   * The same of who signs in: where they said, else in their oldest tenant that is not suspended; null for who is in none.
   * Throws 404 for a tenant that they said and are not in.
   */
  async profileToSignIn(anywhere: Actor, tenantId?: string): Promise<Profile | null> {
    const there = tenantId ?? (await this.tenantToSignInTo(anywhere));
    if (!there) return null;
    if (tenantId === undefined) return this.profile(anywhere.as({ tenantId: there }));
    const profile = await this.profileIn(anywhere.as({ tenantId: there }));
    if (!profile) throw notFound('organisation');
    return profile;
  }

  private async tenantToSignInTo(actor: Actor): Promise<string | undefined> {
    const tenantIds = await this.listTenants.execute(actor);
    return tenantIds.find((id) => !this.suspended.has(id)) ?? tenantIds[0];
  }

  /** The profile of the actor in the actor's tenant; null for who is no member of it. */
  async profileIn(here: Actor): Promise<Profile | null> {
    // Asked for at once, they are one round trip; the epoch first, see TokenEpochs.
    const [epoch, user, membership, license] = await Promise.all([
      this.epochs.of(here),
      this.users.self(here),
      this.describeMembership.execute(here),
      this.readLicenses.first(here),
    ]);
    return user && membership && { ...membership, user, license, epoch };
  }

  /** Throws 503 `UNAVAILABLE` when nothing can be signed; the session stands, and a refresh gives its tokens. */
  async tokens(profile: Profile, session: AuthSession, refreshToken: RefreshToken): Promise<Tokens> {
    return {
      accessToken: await this.access(profile, session),
      refreshToken: formatRefreshToken(refreshToken),
      tokenType: 'Bearer',
      expiresIn: ACCESS_TOKEN_SECONDS,
    };
  }

  /** An access token alone. Throws like {@link tokens}. */
  async access(profile: Profile, session: AuthSession): Promise<string> {
    const { user, license } = profile;
    return this.accessTokens.issue({
      ...tenantClaims(profile),
      sub: user.id,
      sid: session.id,
      email: user.email,
      org_id: null,
      license_id: license?.id ?? null,
      license_key: await this.licenseKey(session, license),
      amr: session.amr,
      auth_time: Math.floor(session.provenAt.getTime() / 1000),
      epoch: profile.epoch,
    });
  }

  /** The claim that the setting drops is not even read. */
  private async licenseKey(session: AuthSession, license: LicenseRow | null): Promise<string | null> {
    if (!license || !this.config.licenseKeyClaim) return null;
    return this.readLicenses.reveal(Actor.system(session.tenantId, session.traceId), license.id);
  }
}
