import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, newId, notFound } from '#platform';
import { Code } from '../catalogue/catalogue-file.js';
import { TERM_NAMES, TermsPatch } from '../domain/terms.js';
import { Catalogue } from '../persistence/catalogue.js';
import { CatalogueEditor, type PolicyRow } from '../persistence/catalogue-editor.js';
import { PlanName } from './change-license-plan.js';
import { PolicyName } from './change-license-policy.js';

const Name = z.string().min(1).max(60);

export const CreatePolicyInput = z.strictObject({
  product: z.string().max(60),
  code: Code,
  name: Name,
  /** Whose terms a licence of the policy stands on, unless it is issued with another. */
  plan: PlanName,
  terms: TermsPatch,
});

export const ChangePolicyInput = z
  .strictObject({
    policy: PolicyName,
    name: Name.optional(),
    plan: PlanName.optional(),
    /** What to say otherwise; the rest stays. */
    terms: TermsPatch.default({}),
    /** What to say nothing about any more. */
    unset: z.array(z.enum(TERM_NAMES)).default([]),
  })
  .refine(
    ({ name, plan, terms, unset }) =>
      name !== undefined || plan !== undefined || unset.length > 0 || Object.keys(terms).length > 0,
    'say what to change',
  );

/** Terms that licences are made from, under a name; a change of a policy is one of all its licences. Operators only. */
@Injectable()
export class ManagePolicies {
  constructor(
    private readonly editor: CatalogueEditor,
    private readonly catalogue: Catalogue,
    private readonly clock: Clock,
  ) {}

  /** Throws 404 (product, plan), 409 `CODE_TAKEN`. */
  async create(actor: Actor, input: z.output<typeof CreatePolicyInput>): Promise<PolicyRow> {
    actor.must('operator:catalogue');
    const product = await this.editor.product(input.product);
    if (!product) throw notFound('product');
    const tier = await this.tierOf(actor, input.plan);
    const { code, name, terms } = input;
    const createdAt = this.clock.now();
    const policy = { id: newId('pol'), product: product.code, code, name, tier, terms, createdAt };
    await this.editor.insertPolicy(actor, { ...policy, productId: product.id });
    return policy;
  }

  /** Throws 404 (policy, plan). */
  async change(actor: Actor, input: z.output<typeof ChangePolicyInput>): Promise<PolicyRow> {
    actor.must('operator:catalogue');
    const tier = input.plan === undefined ? null : await this.tierOf(actor, input.plan);
    const policy = await this.editor.updatePolicy(actor, input.policy, (old) => ({
      ...old,
      name: input.name ?? old.name,
      tier: tier ?? old.tier,
      terms: TermsPatch.parse({ ...without(old.terms, input.unset), ...input.terms }),
    }));
    if (!policy) throw notFound('policy');
    return policy;
  }

  /** By `pol_...` or `product/code`. Throws 404. */
  async show(actor: Actor, ref: string): Promise<PolicyRow> {
    actor.must('operator:catalogue');
    const policy = await this.editor.policy(ref);
    if (!policy) throw notFound('policy');
    return policy;
  }

  /** Of one product, by its code or id, or all. */
  async list(actor: Actor, product: string | null): Promise<PolicyRow[]> {
    actor.must('operator:catalogue');
    return this.editor.policies(product);
  }

  private async tierOf(actor: Actor, plan: string) {
    const offer = await this.catalogue.offer(actor, { plan });
    if (!offer) throw notFound('plan');
    return offer.tier;
  }
}

const without = (terms: TermsPatch, names: readonly (keyof TermsPatch)[]): TermsPatch =>
  Object.fromEntries(Object.entries(terms).filter(([name]) => !names.includes(name as keyof TermsPatch)));
