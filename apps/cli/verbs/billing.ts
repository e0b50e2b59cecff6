import { Command } from 'commander';
import { AgreeContractInput, EndContractInput, ListDisputes, ManageContract, ShowBilling } from '#billing';
import { counting, instant } from '../arguments.js';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say } from '../say.js';
import { usesCommand } from './billing-uses.js';

interface ContractOptions extends OperatorOptions {
  plan: string;
  seats: number | null;
  ends: Date | null;
}

export function billingVerb(): Command {
  const billing = new Command('billing').description('What a tenant has bought, or has by contract.');
  billing
    .command('show')
    .description('Where a tenant stands.')
    .argument('<tenant>', 'its id, ten_...')
    .action((tenantId: string) =>
      withProduct(async (app) => {
        const account = await app.get(ShowBilling, { strict: false }).execute(lookingOperator(), tenantId);
        tell(account.standing);
        if (account.customerId) say(`customer: ${account.customerId}`);
        if (account.lookedAt) say(`looked at Stripe: ${account.lookedAt.toISOString()}`);
      }),
    );
  billing
    .command('disputes')
    .description(
      'The payments that a bank may take back, of all tenants; those first that are to be answered first.',
    )
    .action(() =>
      withProduct(async (app) => {
        for (const one of await app.get(ListDisputes, { strict: false }).execute(lookingOperator())) {
          const by =
            one.respondBy === null ? 'no answer asked' : `by ${new Date(one.respondBy).toISOString()}`;
          say(
            [one.id, one.tenantId, one.customerId, one.amount, one.currency, one.reason, one.status, by].join(
              ' ',
            ),
          );
        }
      }),
    );
  billing
    .command('contract')
    .description('Give a tenant a plan by contract, without Stripe, until it ends; instead of one before.')
    .argument('<tenant>', 'its id, ten_...')
    .requiredOption('--plan <plan>', 'like ENTERPRISE')
    .requiredOption('--seats <number>', 'how many, or plan: as many as that gives', seats)
    .requiredOption('--ends <date>', 'when it ends', instant)
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (tenantId: string, options: ContractOptions) => {
      const actor = operatorOf(options);
      const { plan, seats: count, ends } = options;
      const input = AgreeContractInput.parse({
        tenantId,
        plan: plan.toUpperCase(),
        seats: count,
        endsAt: ends,
      });
      await withProduct(async (app) =>
        tell(await app.get(ManageContract, { strict: false }).agree(actor, input)),
      );
    });
  billing
    .command('end-contract')
    .description('End a contract now; what Stripe says holds again.')
    .argument('<tenant>', 'its id, ten_...')
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (tenantId: string, options: OperatorOptions) => {
      const actor = operatorOf(options);
      const input = EndContractInput.parse({ tenantId });
      await withProduct(async (app) =>
        tell(await app.get(ManageContract, { strict: false }).end(actor, input)),
      );
    });
  billing.addCommand(usesCommand());
  return billing;
}

const seats = (text: string): number | null => (text === 'plan' ? null : counting(text));

interface Told {
  state: string;
  access: string;
  plan: string;
  seats: number | null;
  endsAt: number | null;
  reasons: readonly string[];
}

function tell({ state, access, plan, seats: count, endsAt, reasons }: Told): void {
  const why = reasons.length > 0 ? ` (${reasons.join(', ')})` : '';
  const until = endsAt === null ? '' : `, ends ${new Date(endsAt).toISOString()}`;
  say(`${plan}: ${state}${why}, access ${access}, seats ${count ?? 'as the plan says'}${until}`);
}
