export { ForgetLeftovers } from './applying/forget-leftovers.js';
export { BillingConfig } from './billing.config.js';
export {
  BillingContactsModule,
  BillingModule,
  BillingOperatorsModule,
  BillingWorkerModule,
  TrialModule,
} from './billing.module.js';
export { ReadBillingContacts } from './use-cases/read-contacts.js';
export { BILLING_CONCERNS, BILLING_OPERATOR_CONCERNS, BILLING_WORKER_CONCERNS } from './concerns.js';
export { ChooseTrial } from './use-cases/choose-trial.js';
export { CheckoutConfig } from './checkout.config.js';
export {
  inWords as describeStep,
  isByHand,
  priceInWords as describePrice,
} from './catalogue/stripe-catalogue.js';
export { EndWithTenant } from './handlers/end-with-tenant.js';
export { SyncStripeCatalogue } from './use-cases/sync-stripe-catalogue.js';
export { TENANT_RECORDS } from './tenant-records.js';
export { type DriftRow } from './persistence/drifts.js';
export { type StuckUseRow } from './persistence/stuck-uses.js';
export { AgreeContractInput, EndContractInput, ManageContract } from './use-cases/manage-contract.js';
export { DriftPageInput, ManageDrift, ResolveDriftInput } from './use-cases/manage-drift.js';
export { ListDisputes } from './use-cases/list-disputes.js';
export { ShowBilling } from './use-cases/show-billing.js';
export {
  type Foretold,
  ReplayStripeEvents,
  ReplayStripeEventsInput,
} from './use-cases/replay-stripe-events.js';
export { EndpointId, SetUpStripe, type WebhookEndpoint } from './use-cases/set-up-stripe.js';
export {
  CountedUseInput,
  type DecidedUses,
  ManageUses,
  RequeueUsesInput,
  StuckUsesInput,
  WriteOffUsesInput,
} from './use-cases/manage-uses.js';
export { DestinationId, SetUpThinEvents } from './use-cases/set-up-thin-events.js';
export { FIXTURE_MAX_BYTES } from './fixtures/lint-fixture.js';
export { type Fixture, type Linted, lintFixtures } from './fixtures/lint-fixtures.js';
export { pinnedVersion } from './stripe/pinned-version.js';
export { ReplayFixtures, ReplayFixturesInput } from './use-cases/replay-fixtures.js';
