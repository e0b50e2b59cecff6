import { Command, Option } from 'commander';
import { ChangeTenantTerms, ChangeTenantTermsInput, type TenantTermsRow } from '#licensing';
import {
  ChangeSignInPolicy,
  ChangeSignInPolicyInput,
  ChangeTenantStatus,
  ChangeTenantStatusInput,
} from '#tenancy';
import { counting, instant } from '../arguments.js';
import { describeOverrides } from '../describe.js';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say } from '../say.js';
import { tenantMembersCommand, tenantShowCommand } from './tenant-look.js';
import { type TermsOptions, termsOf, withTerms } from '../terms-option.js';

interface TermsCommandOptions extends TermsOptions {
  show?: boolean;
  clear?: boolean;
  number?: number;
  expires?: Date | null;
  reason?: string;
}

export function tenantVerb(): Command {
  const tenant = new Command('tenant').description('Tenants.');
  for (const [verb, status, done] of [
    ['suspend', 'suspended', 'is suspended'],
    ['reactivate', 'active', 'is active again'],
  ] as const) {
    tenant
      .command(verb)
      .argument('<tenant>', 'its id, ten_...')
      .requiredOption('--reason <why>', 'stands in the audit trail')
      .action(async (tenantId: string, options: OperatorOptions) => {
        const actor = operatorOf(options);
        const input = ChangeTenantStatusInput.parse({ tenantId, status });
        await withProduct((product) =>
          product.get(ChangeTenantStatus, { strict: false }).execute(actor, input),
        );
        say(`${tenantId} ${done}.`);
      });
  }
  tenant.addCommand(tenantShowCommand());
  tenant.addCommand(tenantMembersCommand());
  tenant.addCommand(termsCommand());
  tenant.addCommand(signInCommand());
  return tenant;
}

function signInCommand(): Command {
  return new Command('sign-in')
    .description(
      'What a tenant asks of those who sign in to it; of those who are in, when they next refresh.',
    )
    .argument('<tenant>', 'its id, ten_...')
    .addOption(
      new Option('--second-factor <whether>', 'of everybody')
        .choices(['required', 'optional'])
        .makeOptionMandatory(),
    )
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (tenantId: string, options: OperatorOptions & { secondFactor: string }) => {
      const actor = operatorOf(options);
      const secondFactorRequired = options.secondFactor === 'required';
      const input = ChangeSignInPolicyInput.parse({ tenantId, secondFactorRequired });
      await withProduct(async (product) => {
        const changed = await product.get(ChangeSignInPolicy, { strict: false }).execute(actor, input);
        say(`${tenantId}: a second factor is ${options.secondFactor}${changed ? '' : ', as it was'}.`);
      });
    });
}

function termsCommand(): Command {
  return withTerms(
    new Command('terms').description('What holds for every licence of a tenant, above plan and policy.'),
  )
    .argument('<tenant>', 'its id, ten_...')
    .option('--show', 'only look')
    .option('--expires <date>', 'when that ends; for good unless given', instant)
    .option('--clear', 'take the overrides away instead')
    .option('--number <number>', 'with --clear: only this one, as --show numbers them', counting)
    .option('--reason <why>', 'stands in the audit trail; needed unless with --show')
    .action(async (tenantId: string, options: TermsCommandOptions) => {
      if (options.show) {
        await withProduct(async (app) =>
          tell(await app.get(ChangeTenantTerms, { strict: false }).read(lookingOperator(), tenantId)),
        );
        return;
      }
      const actor = operatorOf({ reason: options.reason ?? '' });
      const { number, expires: expiresAt = null } = options;
      const input = ChangeTenantTermsInput.parse(
        options.clear ? { tenantId, clear: true, number } : { tenantId, terms: termsOf(options), expiresAt },
      );
      await withProduct(async (app) =>
        tell(await app.get(ChangeTenantTerms, { strict: false }).execute(actor, input)),
      );
    });
}

function tell({ overrides, heartbeatMode, timeZone }: TenantTermsRow): void {
  for (const line of describeOverrides(overrides)) say(line);
  if (overrides.length === 0) say('No overrides.');
  say(`chosen by the tenant: heartbeat mode ${heartbeatMode ?? 'as given'}, time zone ${timeZone}`);
}
