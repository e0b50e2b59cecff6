import { Command } from 'commander';
import { ChangeProductInput, CreateProductInput, ManageProducts } from '#licensing';
import { describeProduct } from '../describe.js';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say } from '../say.js';

interface ChangeOptions extends OperatorOptions {
  name?: string;
  brand?: string;
}

export function productVerb(): Command {
  const product = new Command('product').description('Products: what licences are for.');
  product
    .command('create')
    .argument('<code>', 'like my-product')
    .requiredOption('--name <name>', 'as people read it')
    .option('--brand <brand>', 'the first part of its keys; LICENSE_BRAND unless given')
    .requiredOption('--reason <why>', 'stands in the log of the catalogue')
    .action(async (code: string, options: ChangeOptions) => {
      const actor = operatorOf(options);
      const input = CreateProductInput.parse({ code, name: options.name, brand: options.brand });
      await withProduct(async (app) => {
        say(describeProduct(await app.get(ManageProducts, { strict: false }).create(actor, input)));
      });
    });
  product
    .command('change')
    .argument('<product>', 'its code or id')
    .option('--name <name>', 'as people read it')
    .option('--brand <brand>', 'the first part of its new keys; an empty one: LICENSE_BRAND')
    .requiredOption('--reason <why>', 'stands in the log of the catalogue')
    .action(async (ref: string, options: ChangeOptions) => {
      const actor = operatorOf(options);
      const { name, brand } = options;
      const input = ChangeProductInput.parse({ product: ref, name, brand: brand === '' ? null : brand });
      await withProduct(async (app) => {
        say(describeProduct(await app.get(ManageProducts, { strict: false }).change(actor, input)));
      });
    });
  product
    .command('list')
    .description('Every product.')
    .action(() =>
      withProduct(async (app) => {
        const products = await app.get(ManageProducts, { strict: false }).list(lookingOperator());
        for (const one of products) say(describeProduct(one));
      }),
    );
  product
    .command('show')
    .argument('<product>', 'its code or id')
    .action((ref: string) =>
      withProduct(async (app) => {
        say(describeProduct(await app.get(ManageProducts, { strict: false }).show(lookingOperator(), ref)));
      }),
    );
  return product;
}
