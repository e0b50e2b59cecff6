import { Injectable } from '@nestjs/common';
import { type Actor, notFound } from '#platform';
import { type LicenseRow, ReadLicenses } from '#licensing';
import { DescribeTenant, scopesUnder, type TenantStanding } from '#tenancy';

/** What a service account of an organisation can have at most, now. */
export interface ServiceStanding extends TenantStanding {
  license: LicenseRow | null;
  /** Of any role, and of the licence. */
  ceiling: ReadonlySet<string>;
}

/** Asks tenancy and licensing what an organisation and its plan allow. */
@Injectable()
export class Standings {
  constructor(
    private readonly describeTenant: DescribeTenant,
    private readonly readLicenses: ReadLicenses,
  ) {}

  /** Of the actor's tenant; null when there is none. */
  async of(actor: Actor): Promise<ServiceStanding | null> {
    const [standing, license] = await Promise.all([
      this.describeTenant.execute(actor),
      this.readLicenses.first(actor),
    ]);
    if (!standing) return null;
    const ceiling = scopesUnder(standing.grants, license?.terms.entitlements ?? []);
    return { ...standing, license, ceiling: new Set(ceiling) };
  }

  /** Throws 404 when there is no such tenant. */
  async get(actor: Actor): Promise<ServiceStanding> {
    const standing = await this.of(actor);
    if (!standing) throw notFound('tenant');
    return standing;
  }
}

/** What is left of scopes that were given once. */
export const stillAllowed = (
  { ceiling }: ServiceStanding,
  scopes: readonly string[],
  ...limits: readonly (readonly string[])[]
): string[] => scopes.filter((scope) => ceiling.has(scope) && limits.every((one) => one.includes(scope)));
