import { Command } from 'commander';
import { describeStep, SyncStripeCatalogue } from '#billing';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say } from '../say.js';

export function catalogVerb(): Command {
  const catalog = new Command('catalog').description('Products and prices at Stripe, by plans.yaml.');
  catalog
    .command('plan')
    .description('Show how Stripe differs from the file.')
    .action(() =>
      withProduct(async (app) => {
        const steps = await app.get(SyncStripeCatalogue, { strict: false }).plan(lookingOperator());
        for (const step of steps) say(describeStep(step));
        if (steps.length === 0) say('Nothing changes.');
      }),
    );
  catalog
    .command('apply')
    .description('Make Stripe so; who has an older price keeps it.')
    .requiredOption('--reason <why>', 'why, for the log')
    .action((options: OperatorOptions) =>
      withProduct(async (app) => {
        const sync = app.get(SyncStripeCatalogue, { strict: false });
        const done = await sync.apply(operatorOf(options), (step) => say(describeStep(step)));
        if (done === 0) say('Nothing changes.');
      }),
    );
  return catalog;
}
