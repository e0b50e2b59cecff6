export { BillingConfig } from './billing.config.js';
export { BillingModule, BillingOperatorsModule, BillingWorkerModule } from './billing.module.js';
export { CheckoutConfig } from './checkout.config.js';
export { inWords as describeStep } from './catalogue/stripe-catalogue.js';
export { PricesConfig } from './catalogue/prices.js';
export { BillingWorkConfig, DunningConfig } from './dunning.config.js';
export { SyncStripeCatalogue } from './use-cases/sync-stripe-catalogue.js';
export { TENANT_RECORDS } from './tenant-records.js';
export { type DriftRow } from './persistence/drifts.js';
export { AgreeContractInput, EndContractInput, ManageContract } from './use-cases/manage-contract.js';
export { DriftPageInput, ManageDrift, ResolveDriftInput } from './use-cases/manage-drift.js';
export { ShowBilling } from './use-cases/show-billing.js';
export {
  type Foretold,
  ReplayStripeEvents,
  ReplayStripeEventsInput,
} from './use-cases/replay-stripe-events.js';
export { BillingStreamConfig, BillingStreamKeepConfig } from './streaming/stream.config.js';
export { BillingUsageConfig } from './usage/usage.config.js';
export { EndpointId, SetUpStripe, type WebhookEndpoint } from './use-cases/set-up-stripe.js';
