import type { INestApplicationContext } from '@nestjs/common';
import { Command } from 'commander';
import {
  ChangeLicensePlan,
  ChangeLicensePlanInput,
  ChangeLicensePolicy,
  ChangeLicensePolicyInput,
  ChangeLicenseStatus,
  ChangeLicenseStatusInput,
  CheckInForOperator,
  CheckInForOperatorInput,
  ClearLicenseOverride,
  ClearLicenseOverrideInput,
  FollowPurchase,
  FollowPurchaseInput,
  type LicenseRow,
  NamedUserInput,
  NameUsers,
  OverrideLicense,
  OverrideLicenseInput,
  RenewLicense,
  RenewLicenseInput,
  TransferLicense,
  TransferLicenseInput,
} from '#licensing';
import type { Actor } from '#platform';
import { counting, instant } from '../arguments.js';
import { describeLicense } from '../describe.js';
import { operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say } from '../say.js';
import { type TermsOptions, termsOf, withTerms } from '../terms-option.js';
import { activateCommand } from './license-activate.js';
import { importCommand } from './license-import.js';
import { issueCommand, listCommand, showCommand } from './license-issue.js';

type Changing<O> = (
  app: INestApplicationContext,
  actor: Actor,
  ref: string,
  options: O,
) => Promise<LicenseRow>;

/** Each takes the id of a licence (lic_...) or its key. */
export function licenseVerb(): Command {
  const license = new Command('license').description('Licences of every tenant; named by their id or key.');
  for (const command of [issueCommand, importCommand, activateCommand, showCommand, listCommand])
    license.addCommand(command());
  addStatus(license);
  addTerm(license);
  addTerms(license);
  addPeople(license);
  return license;
}

function addStatus(license: Command): void {
  for (const [verb, status, what] of [
    ['suspend', 'suspended', 'Stop it for a while: no seat is given or kept.'],
    ['reinstate', 'active', 'End its suspension.'],
    ['revoke', 'revoked', 'End it for good.'],
  ] as const) {
    changing(license.command(verb).description(what), (app, actor, ref) =>
      app
        .get(ChangeLicenseStatus, { strict: false })
        .execute(actor, ChangeLicenseStatusInput.parse({ license: ref, status })),
    );
  }
  changing<{ to: string }>(
    license
      .command('transfer')
      .description('Give it, with its key, to another tenant; this one keeps it as transferred.')
      .requiredOption('--to <tenant>', 'its id, ten_...'),
    (app, actor, ref, { to: toTenantId }) =>
      app
        .get(TransferLicense, { strict: false })
        .execute(actor, TransferLicenseInput.parse({ license: ref, toTenantId })),
  );
}

function addTerm(license: Command): void {
  changing<{ days?: number; until?: Date | null }>(
    license
      .command('renew')
      .description('Give it another term; as long as its terms say unless given.')
      .option('--days <number>', 'so many days', counting)
      .option('--until <date>', 'until this date', instant),
    (app, actor, ref, { days, until }) => {
      const input = RenewLicenseInput.parse({ license: ref, days, until });
      return app.get(RenewLicense, { strict: false }).execute(actor, input);
    },
  );
  changing(
    license.command('check-in').description('Check it in for a customer who cannot.'),
    (app, actor, ref) =>
      app
        .get(CheckInForOperator, { strict: false })
        .execute(actor, CheckInForOperatorInput.parse({ license: ref })),
  );
}

function addTerms(license: Command): void {
  changing<{ plan: string }>(
    license.command('change-plan').requiredOption('--plan <plan>', 'its name, or an alias like STARTER'),
    (app, actor, ref, { plan }) =>
      app
        .get(ChangeLicensePlan, { strict: false })
        .execute(actor, ChangeLicensePlanInput.parse({ license: ref, plan })),
  );
  changing(
    license.command('follow').description('Let it be what its tenant buys: the one that was has ended.'),
    (app, actor, ref) =>
      app.get(FollowPurchase, { strict: false }).execute(actor, FollowPurchaseInput.parse({ license: ref })),
  );
  changing<{ policy: string }>(
    license
      .command('change-policy')
      .requiredOption('--policy <policy>', 'product/code or its id; none: the terms of its plan alone'),
    (app, actor, ref, { policy }) =>
      app
        .get(ChangeLicensePolicy, { strict: false })
        .execute(
          actor,
          ChangeLicensePolicyInput.parse({ license: ref, policy: policy === 'none' ? null : policy }),
        ),
  );
  changing<TermsOptions & { expires?: Date | null }>(
    withTerms(license.command('override').description('Change its terms, for good or for a while.')).option(
      '--expires <date>',
      'when that ends; for good unless given',
      instant,
    ),
    (app, actor, ref, options) => {
      const { expires: expiresAt = null } = options;
      const input = OverrideLicenseInput.parse({ license: ref, terms: termsOf(options), expiresAt });
      return app.get(OverrideLicense, { strict: false }).execute(actor, input);
    },
  );
  changing<{ number?: number }>(
    license
      .command('clear-override')
      .description('Take away its overrides, or one of them.')
      .option('--number <number>', 'only this one, as `license show` numbers them', counting),
    (app, actor, ref, { number }) =>
      app
        .get(ClearLicenseOverride, { strict: false })
        .execute(actor, ClearLicenseOverrideInput.parse({ license: ref, number })),
  );
}

function addPeople(license: Command): void {
  for (const verb of ['assign', 'unassign'] as const) {
    license
      .command(verb)
      .description(verb === 'assign' ? 'Name a person on it.' : 'Take a person’s name off it.')
      .argument('<license>', 'its id or key')
      .requiredOption('--user <user>', 'their id, usr_...')
      .requiredOption('--reason <why>', 'stands in the audit trail')
      .action(async (ref: string, options: OperatorOptions & { user: string }) => {
        const actor = operatorOf(options);
        const input = NamedUserInput.parse({ license: ref, userId: options.user });
        await withProduct(async (app) => {
          const isChanged = await app.get(NameUsers, { strict: false })[verb](actor, input);
          const named = verb === 'assign' ? 'is named' : 'is not named';
          say(`${options.user} ${named} on ${ref}${isChanged ? '' : ' already'}.`);
        });
      });
  }
}

/** A command that changes one licence and prints what it is then. */
function changing<O extends object>(command: Command, change: Changing<O>): void {
  command
    .argument('<license>', 'its id or key')
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (ref: string, options: OperatorOptions & O) => {
      const actor = operatorOf(options);
      await withProduct(async (app) => {
        for (const line of describeLicense(await change(app, actor, ref, options))) say(line);
      });
    });
}
