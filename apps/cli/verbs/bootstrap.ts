import { Command } from 'commander';
import { BootstrapConfig, bootstrapDatabase, loadConfig, readEnvironment } from '#platform';
import { say } from '../say.js';

export const bootstrapVerb = () =>
  new Command('bootstrap')
    .description('Make the roles and the database; repeatable. Needs DATABASE_ADMIN_URL beside the others.')
    .action(async () => {
      const config = loadConfig([BootstrapConfig], readEnvironment()).of(BootstrapConfig);
      await bootstrapDatabase(config);
      say('The roles and the database are there.');
    });
