import { Command } from 'commander';
import { DestinationId, EndpointId, SetUpStripe, SetUpThinEvents, type WebhookEndpoint } from '#billing';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say } from '../say.js';
import { mustBeFree } from '../secret-file.js';
import { SNAPSHOTS, tellSecret, THIN } from './stripe-streams.js';

interface AddOptions extends OperatorOptions {
  secretTo: string;
  thin?: boolean;
}

/** Where Stripe sends what it tells; two at a time of a kind while its secret is rotated. */
export function webhooksCommand(): Command {
  const webhooks = new Command('webhooks').description('Where Stripe sends what it tells us.');
  webhooks
    .command('list')
    .description('What sends to us at Stripe, oldest first: endpoints, then destinations for thin events.')
    .action(() =>
      withProduct(async (app) => {
        const actor = lookingOperator();
        const endpoints = await app.get(SetUpStripe, { strict: false }).endpoints(actor);
        const thin = await app.get(SetUpThinEvents, { strict: false }).destinations(actor);
        for (const one of endpoints) say(lineOf(one));
        for (const one of thin) say(lineOf(one, ', thin events'));
        if (endpoints.length + thin.length === 0) say('None.');
      }),
    );
  webhooks
    .command('add')
    .description('Make another one beside those, with a secret of its own.')
    .option('--thin', 'for thin events: a destination, not an endpoint')
    .requiredOption('--secret-to <file>', 'where its signing secret goes; its owner alone reads it')
    .requiredOption('--reason <why>', 'stands in the operators’ log')
    .action((options: AddOptions) =>
      withProduct(async (app) => {
        const actor = operatorOf(options);
        const setUp = app.get(SetUpStripe, { strict: false });
        mustBeFree(options.secretTo);
        const made = options.thin
          ? await app.get(SetUpThinEvents, { strict: false }).add(actor)
          : await setUp.addEndpoint(actor);
        tellSecret(options.thin ? THIN : SNAPSHOTS, made, setUp.url, options.secretTo);
      }),
    );
  webhooks
    .command('remove')
    .description('Remove one; never the last of its kind that works.')
    .argument('<id>', 'of an endpoint, we_..., or of a destination, ed_...')
    .requiredOption('--reason <why>', 'stands in the operators’ log')
    .action(async (text: string, options: OperatorOptions) => {
      const destination = DestinationId.safeParse(text);
      const id = destination.success ? destination.data : EndpointId.parse(text);
      await withProduct((app) =>
        destination.success
          ? app.get(SetUpThinEvents, { strict: false }).remove(operatorOf(options), id)
          : app.get(SetUpStripe, { strict: false }).removeEndpoint(operatorOf(options), id),
      );
      say(`${id} is removed.`);
    });
  return webhooks;
}

const lineOf = ({ id, isEnabled, createdAt, missing }: WebhookEndpoint, kind = ''): string =>
  `${id} ${isEnabled ? 'enabled' : 'disabled'} since ${createdAt.toISOString()}${kind}${missing.length > 0 ? `, does not tell ${missing.length} types` : ''}`;
