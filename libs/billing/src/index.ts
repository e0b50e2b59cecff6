export { BillingConfig } from './billing.config.js';
export { BillingModule, BillingOperatorsModule, BillingWorkerModule } from './billing.module.js';
export { CheckoutConfig } from './checkout.config.js';
export { inWords as describeStep } from './catalogue/stripe-catalogue.js';
export { PricesConfig } from './catalogue/prices.js';
export { BillingWorkConfig, DunningConfig } from './dunning.config.js';
export { SyncStripeCatalogue } from './use-cases/sync-stripe-catalogue.js';
export { TENANT_RECORDS } from './tenant-records.js';
