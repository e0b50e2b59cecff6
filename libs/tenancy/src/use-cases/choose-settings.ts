import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock } from '#platform';
import { Authority } from '../authority.js';
import { grantsOfRole, mustBeWithin } from '../domain/permissions.js';
import { SIGN_UP_MODES, type TenantChoices } from '../domain/tenant.js';
import { Tenants } from '../persistence/tenants.js';
import { JOINERS_ROLE } from './join-by-domain.js';

/** RFC 1035, 2.3.4: a name is at most 253 characters as text, a label 63. */
const Domain = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(
    // eslint-disable-next-line security/detect-unsafe-regex -- labels are bounded, and a dot is in no other part
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/,
    'must be a domain, like acme.example',
  );

const DOMAINS_MAX = 50;
/** Whoever comes to rule an organisation must not make its past go away in a day. */
const RETENTION_MIN_DAYS = 30;

export const TenantSettingsInput = z.strictObject({
  signUpMode: z.enum(SIGN_UP_MODES).optional(),
  allowedDomains: z
    .array(Domain)
    .max(DOMAINS_MAX)
    .transform((all) => [...new Set(all)].sort())
    .meta({ example: ['acme.example'] })
    .optional(),
  secondFactorRequired: z.boolean().optional(),
  /** null: as long as the product keeps it. */
  retentionDays: z.int().min(RETENTION_MIN_DAYS).max(3_650).nullable().optional(),
});

export interface TenantSettings extends TenantChoices {
  secondFactorRequired: boolean;
}

/** What a tenant chooses for itself, as far as it is tenancy's. */
@Injectable()
export class ChooseSettings {
  constructor(
    private readonly authority: Authority,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** Throws 403 `MISSING_SCOPE`. */
  read(actor: Actor): Promise<TenantSettings> {
    actor.must('tenant:read');
    return this.tenants.details(actor);
  }

  /**
   * Whoever lets in people by their domain invites all of them. Joins the caller's transaction. Throws 403 `MISSING_SCOPE` or
   * `ROLE_ABOVE_OWN`.
   */
  async change(actor: Actor, input: z.output<typeof TenantSettingsInput>): Promise<void> {
    const { tenant, own } = await this.authority.must(actor, 'tenant:manage');
    if (tenant.wouldOpen(input)) {
      await this.authority.must(actor, 'members:invite');
      mustBeWithin(own.grants, grantsOfRole(JOINERS_ROLE));
    }
    const now = this.clock.now();
    const { secondFactorRequired = tenant.secondFactorRequired, ...choices } = input;
    const isNew = [tenant.requireSecondFactor(secondFactorRequired, now), tenant.choose(choices, now)];
    if (isNew.includes(true)) await this.tenants.save(tenant);
  }
}
