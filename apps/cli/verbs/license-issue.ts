import { Command } from 'commander';
import { FindLicenses, FindLicensesInput, IssueTenantLicense, IssueTenantLicenseInput } from '#licensing';
import { counting, instant } from '../arguments.js';
import { describeLicense, lineOf } from '../describe.js';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say, sayEnd } from '../say.js';
import { type TermsOptions, termsOf, withTerms } from '../terms-option.js';

interface IssueOptions extends OperatorOptions, TermsOptions {
  tenant: string;
  plan?: string;
  policy?: string;
  key?: string;
  name?: string;
  expires?: Date | null;
  meta?: string[];
}

interface ListOptions {
  tenant?: string;
  status?: string;
  plan?: string;
  limit?: number;
  cursor?: string;
}

export function issueCommand(): Command {
  return withTerms(new Command('issue').description('Make a licence; its key is shown this once.'))
    .requiredOption('--tenant <tenant>', 'whose it is; its id, ten_...')
    .option('--plan <plan>', 'its name, or an alias like STARTER')
    .option('--policy <policy>', 'product/code or its id')
    .option('--key <key>', 'a key that exists already, also of the form BRAND-RANDOM12')
    .option('--name <name>', 'what people call it')
    .option('--expires <date>', 'when it ends, or never; as its terms say unless given', instant)
    .option('--meta <key=value>', 'a note; repeatable', (one: string, before: string[] = []) => [
      ...before,
      one,
    ])
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (options: IssueOptions) => {
      const actor = operatorOf(options);
      const { tenant: tenantId, plan, policy, key, name, expires: expiresAt, meta = [] } = options;
      const metadata = Object.fromEntries(meta.map((one) => one.split(/=(.*)/s, 2) as [string, string]));
      const input = IssueTenantLicenseInput.parse({
        ...{ tenantId, plan, policy, key, name, metadata, expiresAt },
        terms: termsOf(options),
      });
      await withProduct(async (app) => {
        const made = await app.get(IssueTenantLicense, { strict: false }).execute(actor, input);
        say(`${made.license.id} ${made.key}`);
      });
    });
}

export function showCommand(): Command {
  return new Command('show')
    .description('All that holds for one.')
    .argument('<license>', 'its id or key')
    .action((ref: string) =>
      withProduct(async (app) => {
        const row = await app.get(FindLicenses, { strict: false }).one(lookingOperator(), ref);
        for (const line of describeLicense(row)) say(line);
      }),
    );
}

export function listCommand(): Command {
  return new Command('list')
    .description('One line each, oldest first.')
    .option('--tenant <tenant>', 'only of this one')
    .option('--status <status>', 'only active, suspended, revoked or transferred ones')
    .option('--plan <plan>', 'only on this plan')
    .option('--limit <number>', 'how many; 50 unless given', counting)
    .option('--cursor <cursor>', 'go on where a page ended')
    .action(async ({ tenant: tenantId, status, plan, limit, cursor }: ListOptions) => {
      const input = FindLicensesInput.parse({ tenantId, status, tier: plan?.toUpperCase(), limit, cursor });
      await withProduct(async (app) => {
        const page = await app.get(FindLicenses, { strict: false }).page(lookingOperator(), input);
        for (const row of page.data) say(lineOf(row));
        sayEnd(page);
      });
    });
}
