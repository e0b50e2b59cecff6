import { Command } from 'commander';
import { CatalogueConfig, deployCatalogue } from '#licensing';
import { loadConfig, Migrator, MigratorConfig, readEnvironment } from '#platform';
import { MIGRATIONS } from '../../../migrations/index.js';
import { counting } from '../arguments.js';
import { say } from '../say.js';

export function migrateVerb(): Command {
  const migrate = new Command('migrate').description('Change the schema. Needs DATABASE_MIGRATOR_URL.');
  migrate
    .command('up')
    .description('Apply what is pending, and the catalogue of plans (PLANS_FILE).')
    .action(async () => {
      const config = settings();
      tell('Applied', await new Migrator(config.of(MigratorConfig).url, MIGRATIONS).up());
      const changes = await deployCatalogue(config.of(MigratorConfig).url, config.of(CatalogueConfig).file);
      for (const { what, change } of changes) say(`Plans: ${what} ${change}`);
    });
  migrate
    .command('down')
    .description('Take back the last migration, or the last few.')
    .argument('[count]', 'how many', counting, 1)
    .action(async (many: number) => tell('Taken back', await migrator().down(many)));
  return migrate;
}

const settings = () => loadConfig([MigratorConfig, CatalogueConfig], readEnvironment());

function migrator(): Migrator {
  return new Migrator(settings().of(MigratorConfig).url, MIGRATIONS);
}

function tell(verb: string, names: readonly string[]): void {
  say(names.length === 0 ? 'Nothing to do.' : `${verb}: ${names.join(', ')}`);
}
