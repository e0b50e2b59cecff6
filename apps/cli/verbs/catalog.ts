import { Command } from 'commander';
import { describePrice, describeStep, isByHand, SyncStripeCatalogue } from '#billing';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { Refused } from '../refused.js';
import { say } from '../say.js';

export function catalogVerb(): Command {
  const catalog = new Command('catalog').description('Products, prices and meters at Stripe, by plans.yaml.');
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
        let byHand = 0;
        const done = await sync.apply(operatorOf(options), (step) => {
          say(describeStep(step));
          if (isByHand(step)) byHand++;
        });
        if (byHand > 0) throw new Refused(`${byHand} left to do by hand, marked with !.`);
        if (done === 0) say('Nothing changes.');
      }),
    );
  catalog
    .command('prices')
    .description('Which price at Stripe is sold under which name: product, lookup key, price.')
    .action(() =>
      withProduct(async (app) => {
        const sold = await app.get(SyncStripeCatalogue, { strict: false }).sold(lookingOperator());
        for (const price of sold) say(describePrice(price));
        if (sold.length === 0) say('None.');
      }),
    );
  return catalog;
}
