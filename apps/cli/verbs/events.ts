import { Command } from 'commander';
import { RetryDeadLetters, RetryDeadLettersInput } from '#admin';
import { DeadLetters } from '#platform';
import { operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say, sayEnd } from '../say.js';

interface ListOptions {
  tenant?: string;
  subscription?: string;
  cursor?: string;
}

interface RetryOptions extends OperatorOptions {
  tenant: string;
  subscription?: string;
  event?: string;
}

const PAGE = 50;

export function eventsVerb(): Command {
  const events = new Command('events').description('What the event bus could not do.');
  events
    .command('dead-letters')
    .description('List the events that a subscription gave up, oldest first.')
    .option('--tenant <id>', 'only this tenant')
    .option('--subscription <name>', 'only this subscription')
    .option('--cursor <cursor>', 'go on where a page ended')
    .action(list);
  events
    .command('retry')
    .description('Give given-up events another chance.')
    .requiredOption('--tenant <id>', 'of this tenant')
    .option('--subscription <name>', 'only of this subscription')
    .option('--event <id>', 'only this event')
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(retry);
  return events;
}

async function list(options: ListOptions): Promise<void> {
  await withProduct(async (product) => {
    const { tenant: tenantId, subscription, cursor } = options;
    const page = await product
      .get(DeadLetters, { strict: false })
      .list({ tenantId, subscription }, PAGE, cursor);
    for (const one of page.data) {
      say(
        `${one.deadAt.toISOString()} ${one.tenantId} ${one.subscription} ${one.eventName} ${one.eventId} ${one.lastError}`,
      );
    }
    sayEnd(page);
  });
}

async function retry(options: RetryOptions): Promise<void> {
  const actor = operatorOf(options);
  const { tenant: tenantId, subscription, event: eventId } = options;
  const input = RetryDeadLettersInput.parse({ tenantId, subscription, eventId });
  await withProduct(async (product) => {
    const taken = await product.get(RetryDeadLetters, { strict: false }).execute(actor, input);
    say(`${taken} taken up again.`);
  });
}
