import { Command } from 'commander';
import { ChangePolicyInput, CreatePolicyInput, ManagePolicies } from '#licensing';
import { describePolicy } from '../describe.js';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say } from '../say.js';
import { type TermsOptions, termsOf, withTerms } from '../terms-option.js';

interface CreateOptions extends OperatorOptions, TermsOptions {
  product: string;
  name: string;
  plan: string;
}

interface ChangeOptions extends OperatorOptions, TermsOptions {
  name?: string;
  plan?: string;
  unset?: string[];
}

export function policyVerb(): Command {
  const policy = new Command('policy').description(
    'Policies: terms that licences are made from, under a name.',
  );
  withTerms(policy.command('create').argument('<code>', 'like site-license'))
    .requiredOption('--product <product>', 'its code or id')
    .requiredOption('--name <name>', 'as people read it')
    .requiredOption('--plan <plan>', 'whose terms its licences stand on')
    .requiredOption('--reason <why>', 'stands in the log of the catalogue')
    .action(async (code: string, options: CreateOptions) => {
      const actor = operatorOf(options);
      const { product, name, plan } = options;
      const input = CreatePolicyInput.parse({ product, code, name, plan, terms: termsOf(options) });
      await withProduct(async (app) => {
        say(describePolicy(await app.get(ManagePolicies, { strict: false }).create(actor, input)));
      });
    });
  withTerms(policy.command('change').argument('<policy>', 'product/code or its id'))
    .description('Change a policy, and with it every licence made from it.')
    .option('--name <name>', 'as people read it')
    .option('--plan <plan>', 'whose terms new licences stand on')
    .option('--unset <names...>', 'what to say nothing about any more')
    .requiredOption('--reason <why>', 'stands in the log of the catalogue')
    .action(async (ref: string, options: ChangeOptions) => {
      const actor = operatorOf(options);
      const { name, plan, unset } = options;
      const input = ChangePolicyInput.parse({ policy: ref, name, plan, unset, terms: termsOf(options) });
      await withProduct(async (app) => {
        say(describePolicy(await app.get(ManagePolicies, { strict: false }).change(actor, input)));
      });
    });
  policy
    .command('list')
    .option('--product <product>', 'only of this one; its code or id')
    .action(({ product }: { product?: string }) =>
      withProduct(async (app) => {
        const policies = app.get(ManagePolicies, { strict: false });
        for (const one of await policies.list(lookingOperator(), product ?? null)) say(describePolicy(one));
      }),
    );
  policy
    .command('show')
    .argument('<policy>', 'product/code or its id')
    .action((ref: string) =>
      withProduct(async (app) => {
        say(describePolicy(await app.get(ManagePolicies, { strict: false }).show(lookingOperator(), ref)));
      }),
    );
  return policy;
}
