import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db, DomainError, newId } from '#platform';
import { Budgets, ReadPeople, tooMany } from '#identity';
import { IssueLicense } from '#licensing';
import { FindTenant, JoinByDomain, noWayIn, OrganizationName, RegisterTenant, Slug } from '#tenancy';
import { OnboardingLimits } from '../onboarding.config.js';

export const MakeOrganizationInput = z.strictObject({ organizationName: OrganizationName });
export const JoinInput = z.strictObject({ slug: Slug });

const HOUR = 3_600;

type Tenant = Awaited<ReturnType<RegisterTenant['execute']>>;
type Issued = Awaited<ReturnType<IssueLicense['execute']>>;
type Membership = Awaited<ReturnType<JoinByDomain['execute']>>;

/** Further organisations of somebody who has an account: one that they make, one that lets them in. */
@Injectable()
export class OwnOrganizations {
  constructor(
    private readonly db: Db,
    private readonly limits: OnboardingLimits,
    private readonly budgets: Budgets,
    private readonly readPeople: ReadPeople,
    private readonly registerTenant: RegisterTenant,
    private readonly issueLicense: IssueLicense,
    private readonly findTenant: FindTenant,
    private readonly joinByDomain: JoinByDomain,
  ) {}

  /**
   * Organisation, owner and licence in one transaction. Throws 403 `EMAIL_NOT_VERIFIED`, 429 `RATE_LIMITED`.
   */
  async make(
    actor: Actor,
    { organizationName: name }: z.output<typeof MakeOrganizationInput>,
  ): Promise<{ tenant: Tenant; issued: Issued }> {
    await this.provedEmail(actor);
    const ownerUserId = actor.id ?? '';
    const waitMs = await this.budgets.take('organizations', ownerUserId, this.limits.organizations, HOUR);
    if (waitMs > 0) throw tooMany(waitMs);
    return this.db.transaction(actor.as({ tenantId: newId('ten') }), async () => {
      const tenant = await this.registerTenant.execute({ name, ownerUserId, isFurther: true });
      return {
        tenant,
        issued: await this.issueLicense.execute({ issuedToUserId: ownerUserId, isProved: true }),
      };
    });
  }

  /** Throws 403 `EMAIL_NOT_VERIFIED`, and like JoinByDomain. */
  async join(
    actor: Actor,
    { slug }: z.output<typeof JoinInput>,
  ): Promise<{ tenant: { id: string; name: string; slug: string }; membership: Membership }> {
    const email = await this.provedEmail(actor);
    const tenant = await this.findTenant.bySlug(actor, slug);
    if (!tenant) throw noWayIn();
    const there = actor.as({ tenantId: tenant.id, scopes: [] });
    return { tenant, membership: await this.db.transaction(there, () => this.joinByDomain.execute(email)) };
  }

  /** As it is now, not as the token has it. Throws 403 `EMAIL_NOT_VERIFIED`. */
  private async provedEmail(actor: Actor): Promise<string> {
    const person = (await this.readPeople.execute(actor, [actor.id ?? ''])).get(actor.id ?? '');
    if (person?.emailVerified) return person.email;
    throw new DomainError('forbidden', 'EMAIL_NOT_VERIFIED', 'Verify your e-mail address first.');
  }
}
