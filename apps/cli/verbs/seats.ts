import { Command } from 'commander';
import { ListSeatsInput, OperateDesk, SeatName, SeatStatisticsInput } from '#licensing';
import { counting } from '../arguments.js';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say, sayEnd } from '../say.js';

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
    .command('statistics')
    .description('How they were used, day by day in UTC; the last 30 days unless said.')
    .argument('<license>', 'its id, lic_..., or its key')
    .option('--from <day>', 'the first, like 2026-11-01')
    .option('--to <day>', 'the last')
    .action(statistics);
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
    const seats = await product.get(OperateDesk, { strict: false }).seats(lookingOperator(), license, page);
    for (const { seatId, expiresAt, since, userId, device } of seats.data) {
      say(
        `${seatId} until ${expiresAt.toISOString()} since ${since.toISOString()} ${userId ?? 'nobody'} on ${device}`,
      );
    }
    sayEnd(seats);
  });
}

async function statistics(license: string, options: { from?: string; to?: string }): Promise<void> {
  const span = SeatStatisticsInput.parse(options);
  await withProduct(async (product) => {
    const days = await product
      .get(OperateDesk, { strict: false })
      .statistics(lookingOperator(), license, span);
    for (const { day, ...counts } of days)
      say([day, ...Object.entries(counts).map(([name, count]) => `${name} ${count}`)].join('  '));
  });
}

async function free(license: string, seat: string, options: OperatorOptions): Promise<void> {
  const actor = operatorOf(options);
  const seatId = SeatName.parse(seat);
  await withProduct((product) => product.get(OperateDesk, { strict: false }).free(actor, license, seatId));
  say(`${seatId} is free.`);
}
