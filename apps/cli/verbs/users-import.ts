import { Command } from 'commander';
import { ImportPeople, ImportPeopleInput } from '#onboarding';
import { importFile, tellFaults, tellOutcomes } from '../import-file.js';
import { operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';

interface Options extends OperatorOptions {
  dryRun?: boolean;
  skipFaulty?: boolean;
  peppered?: boolean;
}

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
        const imports = app.get(ImportPeople, { strict: false });
        const report = await importFile(file, (lines, onProgress) =>
          imports.execute(actor, lines, input, onProgress),
        );
        tellFaults(report.faults, input.skipFaulty);
        tellOutcomes(report);
      });
    });
}
