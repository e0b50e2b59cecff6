import type { INestApplicationContext } from '@nestjs/common';
import { Command } from 'commander';
import { describeStep, EndpointId, SetUpStripe, SyncStripeCatalogue, type WebhookEndpoint } from '#billing';
import type { Actor } from '#platform';
import { confirm } from '../ask.js';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { Refused } from '../refused.js';
import { say } from '../say.js';
import { mustNotExist, writeSecretFile } from '../secret-file.js';

interface SetupOptions extends OperatorOptions {
  secretTo?: string;
  yes?: boolean;
}

export function stripeSetupCommand(): Command {
  return new Command('setup')
    .description(
      'Check the key, and make at Stripe what is missing: the webhook endpoint, products and prices.',
    )
    .option('--secret-to <file>', 'where the signing secret of a new endpoint goes; its owner alone reads it')
    .option('--yes', 'without asking')
    .requiredOption('--reason <why>', 'stands in the operators’ log')
    .action(async (options: SetupOptions) => {
      const actor = operatorOf(options);
      await withProduct(async (app) => {
        const setUp = app.get(SetUpStripe, { strict: false });
        const { id, mode, takesPayments } = await setUp.account(actor);
        say(`${id}, ${mode} mode, ${takesPayments ? 'takes payments' : 'takes no payments yet'}.`);
        await endpoint(setUp, actor, options);
        await catalogue(app, actor, options);
      });
    });
}

async function endpoint(setUp: SetUpStripe, actor: Actor, { secretTo, yes }: SetupOptions): Promise<void> {
  const [found] = (await setUp.endpoints(actor)).toReversed();
  if (!found) return add(setUp, actor, secretTo);
  say(`${found.id} sends to ${setUp.url}; its secret was told when it was made.`);
  if (found.isEnabled && found.missing.length === 0) return;
  for (const type of found.missing) say(`+ ${type}`);
  if (!found.isEnabled) say('~ is disabled');
  if (!(yes || (await confirm('Let it tell all that?')))) return say('Left as it is; --yes changes it.');
  await setUp.completeEndpoint(actor, found.id);
  say(`${found.id} tells all that now.`);
}

async function add(setUp: SetUpStripe, actor: Actor, secretTo?: string): Promise<void> {
  if (!secretTo)
    throw new Refused(
      `Nothing sends to ${setUp.url} yet; --secret-to says where the secret of what does goes.`,
    );
  mustNotExist(secretTo);
  const { id, secret } = await setUp.addEndpoint(actor);
  writeSecretFile(secretTo, `${secret}\n`);
  say(`${id} sends to ${setUp.url}.`);
  say(
    `Its signing secret is in ${secretTo}: keep it as STRIPE_WEBHOOK_SECRET, or set STRIPE_WEBHOOK_SECRET_FILE.`,
  );
}

async function catalogue(app: INestApplicationContext, actor: Actor, { yes }: SetupOptions): Promise<void> {
  const sync = app.get(SyncStripeCatalogue, { strict: false });
  const steps = await sync.plan(actor);
  for (const step of steps) say(describeStep(step));
  if (steps.length === 0) return say('Products and prices are as the file says.');
  if (!(yes || (await confirm('Do that?')))) return say('Left as it is; --yes does it.');
  say(`${await sync.apply(actor, () => undefined)} steps done.`);
}

/** Where Stripe sends what it tells; two at a time while a secret is rotated. */
export function webhooksCommand(): Command {
  const webhooks = new Command('webhooks').description('Where Stripe sends what it tells us.');
  webhooks
    .command('list')
    .description('The endpoints at Stripe that send to us, oldest first.')
    .action(() =>
      withProduct(async (app) => {
        const found = await app.get(SetUpStripe, { strict: false }).endpoints(lookingOperator());
        for (const one of found) say(lineOf(one));
        if (found.length === 0) say('None.');
      }),
    );
  webhooks
    .command('add')
    .description('Make another one beside those, with a secret of its own.')
    .requiredOption('--secret-to <file>', 'where its signing secret goes; its owner alone reads it')
    .requiredOption('--reason <why>', 'stands in the operators’ log')
    .action((options: OperatorOptions & { secretTo: string }) =>
      withProduct((app) =>
        add(app.get(SetUpStripe, { strict: false }), operatorOf(options), options.secretTo),
      ),
    );
  webhooks
    .command('remove')
    .description('Remove one; never the last that works.')
    .argument('<endpoint>', 'its id, we_...')
    .requiredOption('--reason <why>', 'stands in the operators’ log')
    .action(async (text: string, options: OperatorOptions) => {
      const id = EndpointId.parse(text);
      await withProduct((app) =>
        app.get(SetUpStripe, { strict: false }).removeEndpoint(operatorOf(options), id),
      );
      say(`${id} is removed.`);
    });
  return webhooks;
}

const lineOf = ({ id, isEnabled, createdAt, missing }: WebhookEndpoint): string =>
  `${id} ${isEnabled ? 'enabled' : 'disabled'} since ${createdAt.toISOString()}${missing.length > 0 ? `, does not tell ${missing.length} types` : ''}`;
