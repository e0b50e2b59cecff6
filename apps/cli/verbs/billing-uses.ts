import { Command, Option } from 'commander';
import {
  CountedUseInput,
  type DecidedUses,
  ManageUses,
  RequeueUsesInput,
  type StuckUseRow,
  StuckUsesInput,
  WriteOffUsesInput,
} from '#billing';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say, sayEnd } from '../say.js';

interface FilterOptions {
  use?: string;
  tenant?: string;
  meter?: string;
  status?: string;
  failure?: string;
}

type DecideOptions = FilterOptions & OperatorOptions;

export function usesCommand(): Command {
  const uses = new Command('uses').description(
    'Uses of billed meters that Stripe would not count, or nobody knows of.',
  );
  filtered(uses.command('list', { isDefault: true }).description('List them with why, oldest first.'))
    .option('--cursor <cursor>', 'go on where a page ended')
    .action((options: FilterOptions & { cursor?: string }) =>
      withProduct(async (app) => {
        const input = StuckUsesInput.parse({ filter: filterOf(options), cursor: options.cursor });
        const page = await app.get(ManageUses, { strict: false }).page(lookingOperator(), input);
        for (const one of page.data) say(lineOf(one));
        sayEnd(page);
      }),
    );
  addRequeue(uses);
  addWriteOff(uses);
  addCounted(uses);
  return uses;
}

function addRequeue(uses: Command): void {
  filtered(
    uses
      .command('requeue')
      .description('Have them sent again: what Stripe has refused, or by its own sum has never counted.'),
  )
    .option('--never-counted', 'you have seen at Stripe that it never counted them, whatever its sum tells')
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async ({ neverCounted, ...options }: DecideOptions & { neverCounted?: boolean }) => {
      const actor = operatorOf(options);
      const input = RequeueUsesInput.parse({ filter: filterOf(options), isNeverCounted: neverCounted });
      await withProduct((app) => {
        const manage = app.get(ManageUses, { strict: false });
        return inBatches((cursor) => manage.requeue(actor, { ...input, cursor }));
      });
    });
}

function addWriteOff(uses: Command): void {
  filtered(uses.command('write-off').description('Bill nobody for them.'))
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (options: DecideOptions) => {
      const actor = operatorOf(options);
      const input = WriteOffUsesInput.parse({ filter: filterOf(options) });
      await withProduct((app) => {
        const manage = app.get(ManageUses, { strict: false });
        return inBatches((cursor) => manage.writeOff(actor, { ...input, cursor }));
      });
    });
}

function addCounted(uses: Command): void {
  uses
    .command('counted')
    .description('Say that Stripe has counted one, as its dashboard shows.')
    .argument('<use>', 'its id, use_...')
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (id: string, options: OperatorOptions) => {
      const actor = operatorOf(options);
      const input = CountedUseInput.parse({ id });
      await withProduct((app) => app.get(ManageUses, { strict: false }).counted(actor, input));
      say(`${id} is counted.`);
    });
}

const filtered = (command: Command): Command =>
  command
    .option('--use <id>', 'this one, use_...')
    .option('--tenant <id>', 'of this tenant')
    .option('--meter <meter>', 'of this meter, like commands')
    .addOption(new Option('--status <status>', 'that are so').choices(['failed', 'parked']))
    .option('--failure <beginning>', 'whose failure begins like this');

function lineOf(use: StuckUseRow): string {
  const { usedAt, id, tenantId, amount, meter, status, attempts, failure } = use;
  return `${usedAt.toISOString()} ${id} ${tenantId} ${amount} ${meter} ${status} ${attempts} attempts: ${failure}`;
}

const filterOf = ({ use: id, tenant: tenantId, meter, status, failure }: FilterOptions) => ({
  ...{ id, tenantId, meter, status, failure },
});

/** Until nothing is left that fits; each batch is told as soon as it is done. */
async function inBatches(decide: (cursor: string | undefined) => Promise<DecidedUses>): Promise<void> {
  const sums = { requeued: 0, counted: 0, writtenOff: 0, left: 0 };
  let cursor: string | undefined;
  do {
    const { requeued, counted, writtenOff, left, nextCursor } = await decide(cursor);
    for (const { id, why } of left) say(`${id} is left: ${WORDS[why]}`);
    sums.requeued += requeued;
    sums.counted += counted;
    sums.writtenOff += writtenOff;
    sums.left += left.length;
    cursor = nextCursor ?? undefined;
  } while (cursor);
  const told = [
    [sums.requeued, 'to be sent again'],
    [sums.counted, 'counted by Stripe before'],
    [sums.writtenOff, 'written off'],
    [sums.left, 'left as they are'],
  ] as const;
  const done = told.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  say(done.length > 0 ? `${done.join(', ')}.` : 'None.');
}

const WORDS: Record<DecidedUses['left'][number]['why'], string> = {
  TOO_OLD: 'Stripe takes what was used in the last 35 days. Bill it by hand, and write it off.',
  UNCLEAR:
    'Stripe’s sum does not tell. Look at its minute there, then say counted, --never-counted or write-off.',
  NOT_YET: 'its minute is still on its way into Stripe’s sum. Ask again in an hour.',
};
