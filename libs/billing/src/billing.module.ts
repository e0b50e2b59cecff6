import { Module } from '@nestjs/common';
import { TenancyModule } from '#tenancy';
import { ApplyEvents } from './applying/apply-events.js';
import { BillingLoops } from './applying/billing-loops.js';
import { CustomerOfEvent } from './applying/customer-of-event.js';
import { Prices } from './catalogue/prices.js';
import { WebhooksController } from './http/webhooks.controller.js';
import { BillingAccounts } from './persistence/billing-accounts.js';
import { StripeEvents } from './persistence/stripe-events.js';
import { StripeInbox } from './persistence/stripe-inbox.js';
import { StripeWrites } from './persistence/stripe-writes.js';
import { StripeLook } from './stripe/look.js';
import { StripeClient } from './stripe/stripe-client.js';
import { StripeGateway } from './stripe/stripe-gateway.js';
import { BillingSummary } from './summary.js';
import { FollowCustomer } from './use-cases/follow-customer.js';
import { SyncStripeCatalogue } from './use-cases/sync-stripe-catalogue.js';
import { ReceiveStripeEvent } from './use-cases/receive-stripe-event.js';

const GATEWAY = [Prices, StripeClient, StripeWrites, StripeGateway];
const STRIPE = [...GATEWAY, BillingAccounts, BillingSummary];

/** What people and Stripe call. */
@Module({
  imports: [TenancyModule],
  controllers: [WebhooksController],
  providers: [...STRIPE, StripeEvents, ReceiveStripeEvent],
})
export class BillingModule {}

/** What operators do; gatehouse-admin alone serves it. */
@Module({
  providers: [...GATEWAY, SyncStripeCatalogue],
  exports: [SyncStripeCatalogue],
})
export class BillingOperatorsModule {}

/** What the worker does: applies what Stripe told, and what time changes. */
@Module({
  imports: [TenancyModule],
  providers: [...STRIPE, StripeInbox, StripeLook, FollowCustomer, CustomerOfEvent, ApplyEvents, BillingLoops],
})
export class BillingWorkerModule {}
