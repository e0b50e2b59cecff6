import { parse } from 'yaml';
import { z } from 'zod';
import { LICENSE_TYPES } from '#sdk/formats';
import { EntitlementName, FlagName, TermsPatch } from '../domain/terms.js';

export const Code = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be like my-product');

/** What it costs is billing's: it parses that out of the same file, and here it is left out. */
const Plan = z
  .strictObject({
    name: z.string().min(1).max(60),
    /** Other names that imports know it by, in upper case. */
    aliases: z
      .array(z.string().regex(/^[A-Z0-9]{1,20}$/))
      .max(10)
      .default([]),
    terms: TermsPatch,
    price: z.unknown().optional(),
  })
  .transform(({ price: _, ...plan }) => plan);

/** plans.yaml: what is sold. */
export const CatalogueFile = z
  .strictObject({
    product: z.strictObject({ code: Code, name: z.string().min(1).max(60) }),
    flags: z.record(FlagName, z.array(EntitlementName).min(1).max(50)).default({}),
    plans: z.record(z.enum(LICENSE_TYPES), Plan),
    billing: z.unknown().optional(),
  })
  .transform(({ billing: _, ...file }) => file)
  .superRefine(({ flags, plans }, context) => {
    for (const [tier, plan] of Object.entries(plans)) {
      for (const flag of Object.keys(plan.terms.flags ?? {})) {
        if (!(flag in flags))
          context.addIssue({
            code: 'custom',
            path: ['plans', tier, 'terms', 'flags', flag],
            message: 'is no flag of this file',
          });
      }
    }
    const names = Object.entries(plans).flatMap(([tier, plan]) => [tier, ...plan.aliases]);
    if (new Set(names).size !== names.length)
      context.addIssue({ code: 'custom', path: ['plans'], message: 'two plans have the same name or alias' });
  });
export type CatalogueFile = z.output<typeof CatalogueFile>;

/** The catalogue in a text of YAML. Throws a sentence that names every fault of it. */
export function parseCatalogue(text: string): CatalogueFile {
  const parsed = CatalogueFile.safeParse(parse(text, { maxAliasCount: 0 }));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The catalogue of plans is not valid:\n${faults.join('\n')}`);
}
