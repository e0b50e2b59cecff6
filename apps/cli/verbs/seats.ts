import { Command } from 'commander';
import { ListSeatsInput, OperateDesk, SeatName } from '#licensing';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say } from '../say.js';
import { counting } from '../terms-option.js';

interface ListOptions {
  limit?: number;
  cursor?: string;
}

export function seatsVerb(): Command {
  const seats = new Command('seats').description('Who holds what of a licence.');
  seats
    .command('list')
    .description('Seats held now: id, until when, since when, person, device.')
    .argument('<license>', 'its id, lic_..., or its key')
    .option('--limit <n>', 'how many, 100 at most', counting)
    .option('--cursor <cursor>', 'go on where a page ended')
    .action(list);
  seats
    .command('free')
    .description('Take a seat from whoever holds it, for good.')
    .argument('<license>', 'its id, lic_..., or its key')
    .argument('<seat>', 'its id, as the list names it')
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(free);
  return seats;
}

async function list(license: string, options: ListOptions): Promise<void> {
  const page = ListSeatsInput.parse(options);
  await withProduct(async (product) => {
    const { data, nextCursor } = await product
      .get(OperateDesk, { strict: false })
      .seats(lookingOperator(), license, page);
    for (const { seatId, expiresAt, since, userId, device } of data) {
      say(
        `${seatId} until ${expiresAt.toISOString()} since ${since.toISOString()} ${userId ?? 'nobody'} on ${device}`,
      );
    }
    if (nextCursor) say(`more: --cursor ${nextCursor}`);
    if (data.length === 0 && !nextCursor) say('None.');
  });
}

async function free(license: string, seat: string, options: OperatorOptions): Promise<void> {
  const actor = operatorOf(options);
  const seatId = SeatName.parse(seat);
  await withProduct((product) => product.get(OperateDesk, { strict: false }).free(actor, license, seatId));
  say(`${seatId} is free.`);
}
