import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import type { LicenseType } from '#sdk/formats';
import type { TermsPatch } from '../domain/terms.js';

/** What a new licence stands on. */
export interface Offer {
  tier: LicenseType;
  productId: string | null;
  brand: string | null;
  plan: TermsPatch;
  policyId: string | null;
  policy: TermsPatch | null;
  flags: Record<string, string[]>;
}

/** A plan by its name or alias, a policy by `pol_...` or `product/code`; one of them at least. */
export interface Wanted {
  plan?: string;
  policy?: string;
}

/** Plans, products and policies as operators applied them. */
@Injectable()
export class Catalogue {
  constructor(private readonly db: Db) {}

  /**
   * What is offered under these names: a policy on its own product and, unless a plan is named too, on its own plan;
   * a plan alone on the catalogue's product. Null when the catalogue has no such plan or policy.
   */
  async offer(actor: Actor, { plan, policy }: Wanted): Promise<Offer | null> {
    const [offer] = await this.db.read<Offer>(actor, policy === undefined ? PLAN : POLICY, [
      plan?.toUpperCase() ?? null,
      ...(policy === undefined ? [] : [policy]),
    ]);
    return offer ?? null;
  }
}

const IS_PLAN = '(p.tier = $1 or $1 = any (p.aliases))';

const PLAN = `
  select p.tier, p.terms as plan, c.flags, c.product_id as "productId", r.brand,
    null as "policyId", null as policy
  from licensing.catalogue c join licensing.plans p on ${IS_PLAN}
  left join licensing.products r on r.id = c.product_id`;

const POLICY = `
  select p.tier, p.terms as plan, c.flags, o.product_id as "productId", r.brand,
    o.id as "policyId", o.terms as policy
  from licensing.catalogue c
  join licensing.policies o on true
  join licensing.products r on r.id = o.product_id
  join licensing.plans p on case when $1::text is null then p.tier = o.tier else ${IS_PLAN} end
  where o.id = $2 or r.code || '/' || o.code = $2`;
