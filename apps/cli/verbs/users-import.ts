import { Command } from 'commander';
import { ImportPeople, ImportPeopleInput, type PeopleReport } from '#onboarding';
import { operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { opened, progressOf } from '../progress.js';
import { Refused } from '../refused.js';
import { say } from '../say.js';

interface Options extends OperatorOptions {
  dryRun?: boolean;
  skipFaulty?: boolean;
  peppered?: boolean;
}

/** More faults than these are counted, not listed. */
const LISTED = 1_000;

export function importUsersCommand(): Command {
  return new Command('import')
    .description(
      'Make accounts of a CSV or JSON lines file: email, email_verified, display_name, password_hash (bcrypt), and organization_name, or tenant_id and role; repeatable. No mail is sent.',
    )
    .argument(
      '<file>',
      'UTF-8; .jsonl or .ndjson: a JSON object on each line, else CSV, whose first line names the columns',
    )
    .option('--dry-run', 'write nothing, and say what would be done')
    .option('--skip-faulty', 'take the sound lines although others are not')
    .option('--peppered', 'the hashes have AUTH_IMPORTED_BCRYPT_PEPPER behind the password')
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (file: string, options: Options) => {
      const actor = operatorOf(options);
      const { dryRun, skipFaulty, peppered } = options;
      const format = /\.(jsonl|ndjson)$/i.test(file) ? 'jsonl' : 'csv';
      const input = ImportPeopleInput.parse({ format, dryRun, skipFaulty, peppered });
      await withProduct(async (app) => {
        const progress = progressOf(process.stderr.isTTY);
        const report = await app
          .get(ImportPeople, { strict: false })
          .execute(actor, await opened(file), input, progress.tell)
          .finally(progress.end);
        tell(report, input.skipFaulty);
      });
    });
}

function tell({ lines, faults }: PeopleReport, skipFaulty: boolean): void {
  for (const { line, field, message } of faults.slice(0, LISTED))
    say(`line ${line}${field ? `, ${field}` : ''}: ${message}`);
  if (faults.length > LISTED) say(`and ${faults.length - LISTED} more faults`);
  if (faults.length > 0 && !skipFaulty)
    throw new Refused(`Nothing was written: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}.`);
  const counts = Map.groupBy(lines, ({ outcome }) => outcome);
  const said = [...counts].map(([outcome, group]) => `${group.length} ${outcome}`);
  if (faults.length > 0) said.push(`${new Set(faults.map(({ line }) => line)).size} faulty lines left out`);
  say(said.length === 0 ? 'The file has no lines.' : `${said.join(', ')}.`);
}
