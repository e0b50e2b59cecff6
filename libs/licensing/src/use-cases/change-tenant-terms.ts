import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, idOf, notFound, occurred } from '#platform';
import { withOverride, withoutOverride } from '../domain/overrides.js';
import { TermsPatch } from '../domain/terms.js';
import { TenantTermsChanged } from '../events/index.js';
import { Licenses } from '../persistence/licenses.js';
import { TenantTerms, type TenantTermsRow } from '../persistence/tenant-terms.js';
import { RefreshTenantPolicies } from './refresh-tenant-policies.js';
import { OverrideNumber } from './clear-license-override.js';

export const ChangeTenantTermsInput = z.union([
  z.strictObject({ tenantId: idOf('ten'), terms: TermsPatch, expiresAt: z.date().nullable() }),
  z.strictObject({ tenantId: idOf('ten'), clear: z.literal(true), number: OverrideNumber }),
]);

/** Changes what holds for every licence of a tenant: flags, entitlements, limits, seats, mode. Operators only. */
@Injectable()
export class ChangeTenantTerms {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly tenantTerms: TenantTerms,
    private readonly refresh: RefreshTenantPolicies,
    private readonly clock: Clock,
  ) {}

  /** Throws 404 (tenant, override), 409 `OVERRIDES_EXHAUSTED`, 422 `OVERRIDE_EMPTY` or `EXPIRY_PASSED`. */
  async execute(actor: Actor, input: z.output<typeof ChangeTenantTermsInput>): Promise<TenantTermsRow> {
    actor.must('operator:licenses');
    const { tenantId } = input;
    const owner = actor.as({ tenantId });
    const terms = 'terms' in input ? input.terms : null;
    const expiresAt = 'terms' in input ? (input.expiresAt?.toISOString() ?? null) : null;
    await this.db.transaction(owner, async () => {
      if (!(await this.licenses.lockTenant())) throw notFound('tenant');
      const old = await this.tenantTerms.lock();
      const now = this.clock.now();
      const overrides =
        'terms' in input
          ? withOverride(old.overrides, { terms: input.terms, expiresAt, reason: actor.reason ?? '' }, now)
          : withoutOverride(old.overrides, input.number);
      await this.tenantTerms.save({ ...old, overrides });
      this.db.record([occurred(TenantTermsChanged, { tenantId, terms, expiresAt }, now)]);
    });
    // The event does the same a moment later, also when Redis is away now.
    await this.refresh.execute(owner).catch(() => undefined);
    return this.tenantTerms.get(owner);
  }

  async read(actor: Actor, tenantId: string): Promise<TenantTermsRow> {
    actor.must('operator:licenses');
    return this.tenantTerms.get(actor.as({ tenantId }));
  }
}
