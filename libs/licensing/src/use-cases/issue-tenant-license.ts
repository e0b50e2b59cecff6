import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, idOf, notFound } from '#platform';
import type { License } from '../domain/license.js';
import { inTheFuture } from '../domain/license-term.js';
import { termsAt, TermsPatch } from '../domain/terms.js';
import { Catalogue, type Offer } from '../persistence/catalogue.js';
import { Licenses } from '../persistence/licenses.js';
import { TenantTerms, type TenantTermsRow } from '../persistence/tenant-terms.js';
import { PlanName } from './change-license-plan.js';
import { PolicyName } from './change-license-policy.js';
import { SoundKey } from './license-key-input.js';
import { MintLicense, type Minting } from './mint-license.js';

/** Whatever a vendor notes on a licence; it means nothing to us. */
export const Metadata = z
  .record(z.string().regex(/^[A-Za-z0-9_.-]{1,40}$/), z.string().max(500))
  .refine((entries) => Object.keys(entries).length <= 20, 'must not have more than 20 entries');

export const IssueTenantLicenseInput = z
  .strictObject({
    tenantId: idOf('ten'),
    plan: PlanName.optional(),
    policy: PolicyName.optional(),
    /** Left out: a new one. */
    key: SoundKey.optional(),
    name: z.string().min(1).max(120).nullable().default(null),
    metadata: Metadata.default({}),
    /** What differs from plan and policy. */
    terms: TermsPatch.default({}),
    /** Left out: what the terms say; null: never. */
    expiresAt: z.date().nullable().optional(),
  })
  .refine(({ plan, policy }) => plan !== undefined || policy !== undefined, 'say a plan or a policy');

/** Makes a licence for a tenant. Operators only. */
@Injectable()
export class IssueTenantLicense {
  constructor(
    private readonly db: Db,
    private readonly catalogue: Catalogue,
    private readonly licenses: Licenses,
    private readonly tenantTerms: TenantTerms,
    private readonly mint: MintLicense,
    private readonly clock: Clock,
  ) {}

  /** The key is in the clear only in the answer. Throws 404 (tenant, plan, policy), 409 `LICENSE_KEY_TAKEN`, 422 `EXPIRY_PASSED`. */
  async execute(
    actor: Actor,
    input: z.output<typeof IssueTenantLicenseInput>,
  ): Promise<{ license: License; key: string }> {
    actor.must('operator:licenses');
    const owner = actor.as({ tenantId: input.tenantId });
    const made = await this.db.transaction(owner, () => this.issue(owner, input));
    if (made) return made;
    throw new DomainError('conflict', 'LICENSE_KEY_TAKEN', 'There is a licence with this key already.');
  }

  private async issue(owner: Actor, input: z.output<typeof IssueTenantLicenseInput>) {
    const { tenantId, plan, policy } = input;
    const now = this.clock.now();
    if (input.expiresAt) inTheFuture(input.expiresAt, now);
    const status = await this.licenses.lockTenant();
    if (!status) throw notFound('tenant');
    const offer = await this.catalogue.offer(owner, { plan, policy });
    if (!offer) throw notFound(policy === undefined ? 'plan' : 'policy');

    const tenant = { tenantId, status, ...(await this.tenantTerms.get(owner)) };
    return this.mint.execute(mintingOf(offer, tenant, input, owner.reason ?? '', now));
  }
}

type Wish = Pick<
  z.output<typeof IssueTenantLicenseInput>,
  'key' | 'name' | 'metadata' | 'terms' | 'expiresAt'
>;

interface Receiver extends TenantTermsRow {
  tenantId: string;
  status: { suspended: boolean; revision: number };
}

/** What a licence is made of that a tenant gets from an operator. */
export function mintingOf(offer: Offer, tenant: Receiver, wish: Wish, reason: string, now: Date): Minting {
  const { key, name, metadata, expiresAt } = wish;
  const isOverridden = Object.keys(wish.terms).length > 0;
  const overrides = isOverridden ? [{ terms: wish.terms, expiresAt: null, reason }] : [];
  const layers = { ...offer, tenant: tenant.overrides, license: overrides, tenantMode: tenant.heartbeatMode };
  const { tier, productId, policyId, brand } = offer;
  return {
    ...{ tier, productId, policyId, brand, overrides, name, metadata, key, expiresAt },
    tenantId: tenant.tenantId,
    terms: termsAt(layers, now),
    tenantStatus: tenant.status,
    issuedTo: null,
  };
}
