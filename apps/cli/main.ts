import { Command } from 'commander';
import { run } from '#platform';
import { billingVerb } from './verbs/billing.js';
import { bootstrapVerb } from './verbs/bootstrap.js';
import { catalogVerb } from './verbs/catalog.js';
import { deviceVerb } from './verbs/device.js';
import { eventsVerb } from './verbs/events.js';
import { licenseVerb } from './verbs/license.js';
import { jwksVerb } from './verbs/jwks.js';
import { keysVerb } from './verbs/keys.js';
import { migrateVerb } from './verbs/migrate.js';
import { openApiVerb } from './verbs/openapi.js';
import { passwordsVerb } from './verbs/passwords.js';
import { seatsVerb } from './verbs/seats.js';
import { plansVerb } from './verbs/plans.js';
import { policyVerb } from './verbs/policy.js';
import { productVerb } from './verbs/product.js';
import { secretsVerb } from './verbs/secrets.js';
import { seedVerb } from './verbs/seed.js';
import { serviceAccountsVerb } from './verbs/service-accounts.js';
import { setupVerb } from './verbs/setup.js';
import { signingKeysVerb } from './verbs/signing-keys.js';
import { stripeVerb } from './verbs/stripe.js';
import { tenantVerb } from './verbs/tenant.js';
import { usersVerb } from './verbs/users.js';

run(async () => {
  const program = new Command('gatehouse-admin')
    .description('Gatehouse for operators and developers.')
    .showHelpAfterError();
  for (const verb of [
    bootstrapVerb,
    migrateVerb,
    secretsVerb,
    setupVerb,
    signingKeysVerb,
    keysVerb,
    jwksVerb,
    seedVerb,
    tenantVerb,
    usersVerb,
    productVerb,
    policyVerb,
    plansVerb,
    catalogVerb,
    billingVerb,
    stripeVerb,
    licenseVerb,
    seatsVerb,
    deviceVerb,
    eventsVerb,
    openApiVerb,
    passwordsVerb,
    serviceAccountsVerb,
  ]) {
    program.addCommand(verb());
  }
  await program.parseAsync();
});
