import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { ActivateOffline } from '#licensing';
import { operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { readNamed } from '../refused.js';
import { say } from '../say.js';

interface Options extends OperatorOptions {
  request: string;
  out: string;
  days?: number;
}

/** A request is a few hundred bytes. */
const FILE_MAX = 64 * 1024;

/** `license activate`: answers the request file of a machine without a network. */
export function activateCommand(): Command {
  return new Command('activate')
    .description('Answer the activation request of a machine without a network.')
    .requiredOption('--request <file>', 'what `gatehouse activate KEY --request FILE` wrote on that machine')
    .requiredOption('--out <file>', 'the answer to carry back')
    .option(
      '--days <number>',
      'how long it may stay without a network; as long as the terms allow unless given',
      days,
    )
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (options: Options) => {
      const actor = operatorOf(options);
      const text = readNamed(options.request, FILE_MAX);
      await withProduct(async (product) => {
        const activate = product.get(ActivateOffline, { strict: false });
        const { licenseId, response, expiresAt } = await activate.forOperator(actor, text, options.days);
        // It works on one machine alone, and is nobody else's business.
        writeFileSync(options.out, response, { mode: 0o600 });
        say(`${licenseId} is activated until ${expiresAt.toISOString()}; carry ${options.out} back.`);
      });
    });
}

function days(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 3_650) return number;
  throw new InvalidArgumentError('It is a whole number from 1 to 3650.');
}
