import { Injectable } from '@nestjs/common';
import { Actor } from '#platform';
import { ReadLicenses } from '#licensing';
import { DescribeMembership, ListTenants, type MembershipDescription } from '#tenancy';
import { ClaimsConfig } from '../identity.config.js';
import { Users } from '../persistence/users.js';
import { tenantClaims } from '../tokens/tenant-claims.js';
import { type CustomClaims, NO_CLAIMS } from './custom-claims.js';

/** What holds of a person now, in the words of our own tokens. */
@Injectable()
export class DescribeClaims {
  constructor(
    private readonly users: Users,
    private readonly describeMembership: DescribeMembership,
    private readonly listTenants: ListTenants,
    private readonly readLicenses: ReadLicenses,
    private readonly config: ClaimsConfig,
  ) {}

  /** In the tenant that signing in leads to. None for who has gone, is suspended, is in no tenant, or in a suspended one. */
  async execute(person: Actor): Promise<CustomClaims | typeof NO_CLAIMS> {
    const [user, standing, membership] = await Promise.all([
      this.users.self(person),
      this.users.standing(person),
      this.whereTheySignIn(person),
    ]);
    if (!user || !membership || standing?.isSuspended || membership.tenant.status === 'suspended')
      return NO_CLAIMS;
    const tenant = Actor.system(membership.tenant.id, person.origin.traceId);
    const license = await this.readLicenses.first(tenant);
    const claims = tenantClaims({ ...membership, user, license });
    if (!license || !this.config.licenseKeyClaim) return claims;
    return { ...claims, license_key: await this.readLicenses.reveal(tenant, license.id) };
  }

  /** In the oldest of their organisations that is not suspended, as IssueTokens has it; else in the oldest. */
  private async whereTheySignIn(person: Actor): Promise<MembershipDescription | null> {
    let oldest: MembershipDescription | null = null;
    for (const tenantId of await this.listTenants.execute(person)) {
      const membership = await this.describeMembership.execute(person.as({ tenantId }));
      if (membership && membership.tenant.status !== 'suspended') return membership;
      oldest ??= membership;
    }
    return oldest;
  }
}
