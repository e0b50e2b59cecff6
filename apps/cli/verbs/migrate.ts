import { Command, InvalidArgumentError } from 'commander';
import { loadConfig, Migrator, MigratorConfig, readEnvironment } from '#platform';
import { MIGRATIONS } from '../../../migrations/index.js';
import { say } from '../say.js';

export function migrateVerb(): Command {
  const migrate = new Command('migrate').description('Change the schema. Needs DATABASE_MIGRATOR_URL.');
  migrate
    .command('up')
    .description('Apply what is pending.')
    .action(async () => tell('Applied', await migrator().up()));
  migrate
    .command('down')
    .description('Take back the last migration, or the last few.')
    .argument('[count]', 'how many', count, 1)
    .action(async (many: number) => tell('Taken back', await migrator().down(many)));
  return migrate;
}

function migrator(): Migrator {
  const config = loadConfig([MigratorConfig], readEnvironment()).of(MigratorConfig);
  return new Migrator(config.url, MIGRATIONS);
}

function tell(verb: string, names: readonly string[]): void {
  say(names.length === 0 ? 'Nothing to do.' : `${verb}: ${names.join(', ')}`);
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('must be a whole number of 1 or more.');
  return value;
}
