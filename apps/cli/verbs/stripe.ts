import { Command, Option } from 'commander';
import {
  DriftPageInput,
  type DriftRow,
  type Foretold,
  ManageDrift,
  ReplayStripeEvents,
  ReplayStripeEventsInput,
  ResolveDriftInput,
} from '#billing';
import { instant } from '../arguments.js';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say, sayEnd } from '../say.js';
import { type FixtureOptions, lintCommand, replayFixtures } from './stripe-fixtures.js';
import { stripeSetupCommand } from './stripe-setup.js';
import { webhooksCommand } from './stripe-webhooks.js';

interface ReplayOptions extends Partial<FixtureOptions> {
  event?: string;
  type?: string;
  tenant?: string;
  from?: Date | null;
  to?: Date | null;
  dead?: boolean;
}

const PAGE = 50;

export function stripeVerb(): Command {
  const stripe = new Command('stripe').description('What Stripe tells, and where it and we disagree.');
  stripe.addCommand(stripeSetupCommand());
  stripe.addCommand(webhooksCommand());
  stripe.addCommand(lintCommand());
  addEvents(stripe);
  addDrift(stripe);
  return stripe;
}

function addEvents(stripe: Command): void {
  stripe
    .command('dead')
    .description(
      'List the events of Stripe that were parked, with why, oldest first; and how many of a replay still wait.',
    )
    .option('--cursor <cursor>', 'go on where a page ended')
    .action(({ cursor }: { cursor?: string }) =>
      withProduct(async (app) => {
        const events = app.get(ReplayStripeEvents, { strict: false });
        const page = await events.dead(lookingOperator(), PAGE, cursor);
        for (const { id, type, tenantId, attempts, failure, receivedAt } of page.data)
          say(
            `${receivedAt.toISOString()} ${id} ${type} ${tenantId ?? '-'} ${attempts} attempts: ${failure}`,
          );
        const waiting = await events.waiting(lookingOperator());
        if (waiting > 0) say(`${waiting} of a replay still to be applied.`);
        if (waiting === 0 || page.data.length > 0) sayEnd(page);
      }),
    );
  stripe
    .command('replay')
    .description('Have events of Stripe applied again: what they are about is looked at anew.')
    .option('--event <id>', 'this one, evt_... of Stripe’s')
    .option('--type <type>', 'of this type, like invoice.paid')
    .option('--tenant <id>', 'about this tenant')
    .option('--from <date>', 'that came from then on', instant)
    .option('--to <date>', 'that came before then', instant)
    .option('--dead', 'that were parked')
    .addOption(
      new Option(
        '--fixtures <path>',
        'not what came, but recorded ones: signed by us, and sent to our intake',
      ).conflicts(['event', 'type', 'tenant', 'from', 'to', 'dead']),
    )
    .option('--at <origin>', 'of fixtures: where they go on this machine, instead of BASE_URL')
    .option('--customer <id>', 'of fixtures: whom they are about instead, cus_...')
    .option('--keep-ids', 'of fixtures: as they were recorded, so that a second time is a repetition')
    .option('--dry-run', 'only show what would change; nobody is told and nothing is written')
    .option('--reason <why>', 'stands in the audit trail; needed unless with --dry-run')
    .action(replay);
}

async function replay(options: ReplayOptions): Promise<void> {
  if (options.fixtures) return replayFixtures({ ...options, fixtures: options.fixtures });
  const { event: id, type, tenant: tenantId, from, to, dead, dryRun, reason } = options;
  const actor = dryRun ? lookingOperator() : operatorOf({ reason: reason ?? '' });
  const input = ReplayStripeEventsInput.parse({
    ...{ id, type, tenantId },
    from: from ?? undefined,
    to: to ?? undefined,
    status: dead ? 'dead' : undefined,
  });
  await withProduct(async (app) => {
    const events = app.get(ReplayStripeEvents, { strict: false });
    if (!dryRun) return say(`${await events.execute(actor, input)} to be applied again.`);
    let changes = 0;
    for await (const one of events.foresee(actor, input)) changes += tellForetold(one);
    if (changes === 0) say('Nothing would change.');
  });
}

/** 1 when something would change, or may. */
function tellForetold({ subject, tenantId, problem, differences, tells }: Foretold): 0 | 1 {
  const who = tenantId ? `${tenantId} ${subject}` : subject;
  if (problem === 'OF_USES') {
    say(`${who}: of uses that Stripe does not count; which, it is asked when it is applied.`);
    return 1;
  }
  if (problem) say(`${who}: ${problem}`);
  for (const line of differences) say(`${who}: ${line}`);
  if (tells.length > 0) say(`${who}: would be told: ${tells.join(', ')}`);
  return differences.length + tells.length > 0 ? 1 : 0;
}

function addDrift(stripe: Command): void {
  const drift = stripe
    .command('drift')
    .description('Where Stripe and we disagree and an operator has to look, oldest first.')
    .option('--tenant <id>', 'only this tenant')
    .option('--all', 'also what was repaired or settled')
    .option('--cursor <cursor>', 'go on where a page ended')
    .action(({ tenant: tenantId, all, cursor }: { tenant?: string; all?: boolean; cursor?: string }) =>
      withProduct(async (app) => {
        const input = DriftPageInput.parse({ tenantId, isOpen: !all, cursor });
        const page = await app.get(ManageDrift, { strict: false }).page(lookingOperator(), input);
        for (const one of page.data) say(lineOf(one));
        sayEnd(page);
      }),
    );
  drift
    .command('resolve')
    .description('Say that one is settled; seen again, it is opened anew.')
    .argument('<drift>', 'its id, drf_...')
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (driftId: string, options: OperatorOptions) => {
      const actor = operatorOf(options);
      const input = ResolveDriftInput.parse({ driftId });
      await withProduct((app) => app.get(ManageDrift, { strict: false }).resolve(actor, input));
      say(`${driftId} is settled.`);
    });
  stripe
    .command('reconcile')
    .description('Compare all with Stripe as soon as a worker is free, not when it is due.')
    .addOption(new Option('--sweep <which>', 'which').choices(['hourly', 'nightly']).default('nightly'))
    .requiredOption('--reason <why>', 'stands in the operators’ log')
    .action(async (options: OperatorOptions & { sweep: 'hourly' | 'nightly' }) => {
      const actor = operatorOf(options);
      await withProduct((app) => app.get(ManageDrift, { strict: false }).sweep(actor, options.sweep));
      say(`The ${options.sweep} sweep is due.`);
    });
}

function lineOf({
  id,
  kind,
  subject,
  tenantId,
  details,
  openedAt,
  lastSeenAt,
  resolution,
}: DriftRow): string {
  const seen = `opened ${openedAt.toISOString()}, seen ${lastSeenAt.toISOString()}`;
  return [id, kind, subject, tenantId ?? '-', resolution ?? 'open', seen, JSON.stringify(details)].join(' ');
}
