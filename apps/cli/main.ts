import { Command } from 'commander';
import { run } from '#platform';
import { bootstrapVerb } from './verbs/bootstrap.js';
import { eventsVerb } from './verbs/events.js';
import { migrateVerb } from './verbs/migrate.js';
import { openApiVerb } from './verbs/openapi.js';
import { secretsVerb } from './verbs/secrets.js';
import { seedVerb } from './verbs/seed.js';
import { tenantVerb } from './verbs/tenant.js';

run(async () => {
  const program = new Command('gatehouse-admin')
    .description('Gatehouse for operators and developers.')
    .showHelpAfterError();
  for (const verb of [
    bootstrapVerb,
    migrateVerb,
    secretsVerb,
    seedVerb,
    tenantVerb,
    eventsVerb,
    openApiVerb,
  ]) {
    program.addCommand(verb());
  }
  await program.parseAsync();
});
