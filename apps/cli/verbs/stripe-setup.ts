import type { INestApplicationContext } from '@nestjs/common';
import { Command } from 'commander';
import {
  describePrice,
  describeStep,
  isByHand,
  SetUpStripe,
  SetUpThinEvents,
  SyncStripeCatalogue,
  type WebhookEndpoint,
} from '#billing';
import type { Actor } from '#platform';
import { confirm } from '../ask.js';
import { operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { Refused } from '../refused.js';
import { say } from '../say.js';
import { mustBeFree } from '../secret-file.js';
import { mustTakeSecrets, settleSecret, SNAPSHOTS, type Stream, tellSecret, THIN } from './stripe-streams.js';

interface SetupOptions extends OperatorOptions {
  secretTo?: string;
  thinSecretTo?: string;
  env?: string;
  yes?: boolean;
}

/** Of a kind of events: what sends them to us, and how that is made and mended. */
interface Sending extends Stream {
  found: WebhookEndpoint | undefined;
  /** One was asked for, and nobody heard of it: making one gives that, with its secret. */
  isUnheard: boolean;
  secretTo: string | undefined;
  make: () => Promise<{ id: string; secret: string }>;
  complete: (one: WebhookEndpoint) => Promise<void>;
}

export function stripeSetupCommand(): Command {
  return new Command('setup')
    .description(
      'Check the key, and make at Stripe what is missing: the webhook endpoint, the destination for thin events, products, prices and meters.',
    )
    .option('--env <file>', 'the file of settings that signing secrets go into, unless they go elsewhere')
    .option('--secret-to <file>', 'where the signing secret of a new endpoint goes; its owner alone reads it')
    .option('--thin-secret-to <file>', 'where that of a new destination for thin events goes')
    .option('--yes', 'without asking')
    .requiredOption('--reason <why>', 'stands in the operators’ log')
    .action(async (options: SetupOptions) => {
      const actor = operatorOf(options);
      await withProduct(async (app) => {
        const setUp = app.get(SetUpStripe, { strict: false });
        const { id, mode, takesPayments } = await setUp.account(actor);
        say(`${id}, ${mode} mode, ${takesPayments ? 'takes payments' : 'takes no payments yet'}.`);
        await sendings(app, actor, setUp, options);
        await catalogue(app, actor, options);
      });
    });
}

async function sendings(
  app: INestApplicationContext,
  actor: Actor,
  setUp: SetUpStripe,
  { secretTo, thinSecretTo, env, yes }: SetupOptions,
): Promise<void> {
  const thin = app.get(SetUpThinEvents, { strict: false });
  const all: Sending[] = [
    {
      ...SNAPSHOTS,
      secretTo,
      found: (await setUp.endpoints(actor)).at(-1),
      isUnheard: await setUp.isUnheard(actor),
      make: () => setUp.addEndpoint(actor),
      complete: ({ id }) => setUp.completeEndpoint(actor, id),
    },
    {
      ...THIN,
      secretTo: thinSecretTo,
      found: (await thin.destinations(actor)).at(-1),
      isUnheard: await thin.isUnheard(actor),
      make: () => thin.add(actor),
      complete: (one) => thin.complete(actor, one),
    },
  ];
  // Before anything is made: a secret is told once, and has to have where to go.
  const missing = all.filter((one) => !one.found || one.isUnheard);
  for (const one of missing) if (one.secretTo) mustBeFree(one.secretTo);
  if (missing.length > 1 && secretTo && secretTo === thinSecretTo)
    throw new Refused('Two secrets need two files: --secret-to and --thin-secret-to name the same.');
  const settled = missing.filter((one) => !one.secretTo);
  if (env && settled.length > 0) mustTakeSecrets(env, settled);
  else if (settled.length > 0) {
    throw new Refused(
      settled
        .map(
          ({ what, option, isUnheard }) =>
            `${isUnheard ? `Nobody heard whether Stripe made what sends ${what} to ${setUp.url}` : `Nothing sends ${what} to ${setUp.url} yet`}; --env or ${option} says where the secret of what does goes.`,
        )
        .join('\n'),
    );
  }
  for (const one of all)
    await (one.found && !one.isUnheard ? mend(one, one.found, setUp.url, yes) : add(one, setUp.url, env));
}

async function mend(
  { what, complete }: Sending,
  found: WebhookEndpoint,
  url: string,
  yes: boolean | undefined,
): Promise<void> {
  say(`${found.id} sends ${what} to ${url}; its secret was told when it was made.`);
  if (found.isEnabled && found.missing.length === 0) return;
  for (const type of found.missing) say(`+ ${type}`);
  if (!found.isEnabled) say('~ is disabled');
  if (!(yes || (await confirm('Let it tell all that?')))) return say('Left as it is; --yes changes it.');
  await complete(found);
  say(`${found.id} tells all that now.`);
}

async function add(
  { make, secretTo, found, ...stream }: Sending,
  url: string,
  env: string | undefined,
): Promise<void> {
  const made = await make();
  if (secretTo) tellSecret(stream, made, url, secretTo);
  else settleSecret(stream, made, url, env!);
  if (found && found.id !== made.id)
    say(
      `${found.id} sends there, too; if nobody has its secret, stripe webhooks remove ${found.id} takes it away.`,
    );
}

async function catalogue(app: INestApplicationContext, actor: Actor, { yes }: SetupOptions): Promise<void> {
  const sync = app.get(SyncStripeCatalogue, { strict: false });
  const steps = await sync.plan(actor);
  for (const step of steps) say(describeStep(step));
  if (steps.length === 0) say('Products, prices and meters are as the file says.');
  const toDo = steps.filter((one) => !isByHand(one));
  if (toDo.length > 0) {
    if (!(yes || (await confirm('Do that?')))) return say('Left as it is; --yes does it.');
    say(`${await sync.apply(actor, () => undefined)} steps done.`);
  }
  for (const price of await sync.sold(actor)) say(describePrice(price));
}
