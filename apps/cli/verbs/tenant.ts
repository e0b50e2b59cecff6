import { Command } from 'commander';
import { ChangeTenantStatus, ChangeTenantStatusInput } from '#tenancy';
import { operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say } from '../say.js';

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
  return tenant;
}
