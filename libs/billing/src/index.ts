export { BillingConfig } from './billing.config.js';
export { BillingModule, BillingWorkerModule } from './billing.module.js';
export { PricesConfig } from './catalogue/prices.js';
export { BillingWorkConfig, DunningConfig } from './dunning.config.js';
export { TENANT_RECORDS } from './tenant-records.js';
