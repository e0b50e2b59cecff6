import { Command } from 'commander';
import {
  ApplyPlans,
  CatalogueConfig,
  type CatalogueChange,
  type CatalogueFile,
  parseCatalogue,
} from '#licensing';
import { loadConfig, readEnvironment } from '#platform';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { inSentences, readNamed } from '../refused.js';
import { say } from '../say.js';

const HISTORY = 20;
const FILE_MAX = 1024 * 1024;

export function plansVerb(): Command {
  const plans = new Command('plans').description('The catalogue of plans (PLANS_FILE).');
  plans
    .command('diff')
    .description('Show what applying the file would change.')
    .option('--file <file>', 'another file than PLANS_FILE')
    .action(async (options: { file?: string }) => {
      const catalogue = read(options.file);
      await withProduct(async (app) => {
        const apply = app.get(ApplyPlans, { strict: false });
        tell(await apply.execute(lookingOperator(), catalogue, { dryRun: true }));
      });
    });
  plans
    .command('apply')
    .description('Bring the catalogue to what the file says; every licence follows within a second.')
    .option('--file <file>', 'another file than PLANS_FILE')
    .requiredOption('--reason <why>', 'stands in the log of the catalogue')
    .action(async (options: OperatorOptions & { file?: string }) => {
      const actor = operatorOf(options);
      const catalogue = read(options.file);
      await withProduct(async (app) => {
        tell(await app.get(ApplyPlans, { strict: false }).execute(actor, catalogue));
      });
    });
  plans
    .command('history')
    .description('The last changes of plans, products and policies.')
    .action(() =>
      withProduct(async (app) => {
        const log = await app.get(ApplyPlans, { strict: false }).history(lookingOperator(), HISTORY);
        for (const { revision, at, operator, reason, changes } of log)
          say(`${revision} ${at.toISOString()} ${operator}: ${changes.join(', ')} (${reason})`);
      }),
    );
  return plans;
}

function read(file?: string): CatalogueFile {
  const path = file ?? loadConfig([CatalogueConfig], readEnvironment()).of(CatalogueConfig).file;
  const text = readNamed(path, FILE_MAX);
  return inSentences(() => parseCatalogue(text));
}

function tell(changes: readonly CatalogueChange[]): void {
  for (const { what, change } of changes) {
    say(
      change === 'kept'
        ? `${what} kept: the file does not name it, and licences may stand on it`
        : `${what} ${change}`,
    );
  }
  if (changes.every(({ change }) => change === 'kept')) say('Nothing changes.');
}
