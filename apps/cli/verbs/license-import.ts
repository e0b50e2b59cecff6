import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Command } from 'commander';
import { ImportLicenses, ImportLicensesInput, type ImportReport } from '#licensing';
import { importFile, LISTED, tellFaults, tellOutcomes } from '../import-file.js';
import { operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say } from '../say.js';

interface Options extends OperatorOptions {
  dryRun?: boolean;
  skipFaulty?: boolean;
  batch?: string;
  keysTo?: string;
}

export function importCommand(): Command {
  return new Command('import')
    .description(
      'Make licences of a CSV file: tenant_id, plan or policy, key, name, seats, expires_at, metadata.*; repeatable.',
    )
    .argument('<file>', 'UTF-8; its first line names the columns')
    .option('--dry-run', 'write nothing, and say what would be done')
    .option('--skip-faulty', 'take the sound lines although others are not')
    .option(
      '--batch <name>',
      'lines without a key get the same key in the same batch; the name of the file unless given',
    )
    .option('--keys-to <file>', 'write line, tenant and key of each licence there')
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(async (file: string, options: Options) => {
      const actor = operatorOf(options);
      const { dryRun, skipFaulty, batch = basename(file) } = options;
      const input = ImportLicensesInput.parse({ batch, dryRun, skipFaulty });
      await withProduct(async (app) => {
        const imports = app.get(ImportLicenses, { strict: false });
        const report = await importFile(file, (lines, onProgress) =>
          imports.execute(actor, lines, input, onProgress),
        );
        if (options.keysTo) writeKeys(options.keysTo, report);
        tellFaults(report.faults, input.skipFaulty);
        tellKnown(report);
        tellOutcomes(report);
      });
    });
}

function tellKnown({ lines }: ImportReport): void {
  for (const { line, key } of lines.filter(({ outcome }) => outcome === 'there already').slice(0, LISTED))
    say(`line ${line}: there is a licence with this key already (${key.slice(0, 4)}...)`);
}

/** The keys are in the clear. */
function writeKeys(file: string, { lines }: ImportReport): void {
  const rows = lines.map(({ line, tenantId, key, outcome }) => [line, tenantId, key, outcome].join(','));
  writeFileSync(file, ['line,tenant_id,key,outcome', ...rows, ''].join('\n'), { mode: 0o600 });
}
