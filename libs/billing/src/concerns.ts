import { BillingConfig } from './billing.config.js';
import { PricesConfig } from './catalogue/prices.js';
import { CheckoutConfig } from './checkout.config.js';
import { BillingWorkConfig, DunningConfig } from './dunning.config.js';
import { BillingStreamConfig, BillingStreamKeepConfig } from './streaming/stream.config.js';
import { BillingUsageConfig } from './usage/usage.config.js';

/** The settings that BillingModule reads. */
export const BILLING_CONCERNS = [BillingConfig, PricesConfig, CheckoutConfig, BillingStreamConfig];

/** Those of BillingOperatorsModule. */
export const BILLING_OPERATOR_CONCERNS = [BillingConfig, PricesConfig, DunningConfig];

/** Those of BillingWorkerModule. */
export const BILLING_WORKER_CONCERNS = [
  ...BILLING_OPERATOR_CONCERNS,
  BillingWorkConfig,
  BillingStreamKeepConfig,
  BillingUsageConfig,
];
