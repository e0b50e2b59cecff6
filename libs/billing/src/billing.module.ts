import { Module } from '@nestjs/common';
import { IdentityContactModule } from '#identity';
import { TenancyModule } from '#tenancy';
import { ApplyEvents } from './applying/apply-events.js';
import { BillingLoops } from './applying/billing-loops.js';
import { CustomerOfEvent } from './applying/customer-of-event.js';
import { Prices } from './catalogue/prices.js';
import { BillingController } from './http/billing.controller.js';
import { WebhooksController } from './http/webhooks.controller.js';
import { BillingAccounts } from './persistence/billing-accounts.js';
import { Checkouts } from './persistence/checkouts.js';
import { Drifts } from './persistence/drifts.js';
import { OperatorLog } from './persistence/operator-log.js';
import { StripeArchive } from './persistence/stripe-archive.js';
import { StripeEvents } from './persistence/stripe-events.js';
import { StripeInbox } from './persistence/stripe-inbox.js';
import { StripeWrites } from './persistence/stripe-writes.js';
import { Sweeps } from './persistence/sweeps.js';
import { ReconcileLoop } from './reconciling/reconcile-loop.js';
import { Reconcile } from './reconciling/reconcile.js';
import { StripeLook } from './stripe/look.js';
import { PriceIds } from './stripe/price-ids.js';
import { StripeClient } from './stripe/stripe-client.js';
import { StripeGateway } from './stripe/stripe-gateway.js';
import { BillingSummary } from './summary.js';
import { BillingAccess } from './use-cases/billing-access.js';
import { ChangeSubscription } from './use-cases/change-subscription.js';
import { EnsureCustomer } from './use-cases/ensure-customer.js';
import { FollowCustomer } from './use-cases/follow-customer.js';
import { ManageContract } from './use-cases/manage-contract.js';
import { ManageDrift } from './use-cases/manage-drift.js';
import { OpenPortal } from './use-cases/open-portal.js';
import { PreviewChange } from './use-cases/preview-change.js';
import { ReadBilling } from './use-cases/read-billing.js';
import { ReceiveStripeEvent } from './use-cases/receive-stripe-event.js';
import { ReplayStripeEvents } from './use-cases/replay-stripe-events.js';
import { RestateAccount } from './use-cases/restate-account.js';
import { ShowBilling } from './use-cases/show-billing.js';
import { StartCheckout } from './use-cases/start-checkout.js';
import { SyncStripeCatalogue } from './use-cases/sync-stripe-catalogue.js';

const GATEWAY = [Prices, StripeClient, StripeWrites, StripeGateway];
const STRIPE = [...GATEWAY, BillingAccounts, BillingSummary];
const FOLLOWING = [
  Checkouts,
  StripeInbox,
  StripeLook,
  RestateAccount,
  FollowCustomer,
  CustomerOfEvent,
  ManageContract,
];

/** What people and Stripe call. */
@Module({
  imports: [TenancyModule, IdentityContactModule],
  controllers: [WebhooksController, BillingController],
  providers: [
    ...STRIPE,
    StripeEvents,
    Checkouts,
    PriceIds,
    BillingAccess,
    EnsureCustomer,
    ReceiveStripeEvent,
    ReadBilling,
    StartCheckout,
    OpenPortal,
    PreviewChange,
    ChangeSubscription,
  ],
})
export class BillingModule {}

const OPERATING = [SyncStripeCatalogue, ManageContract, ReplayStripeEvents, ManageDrift, ShowBilling];

/** What operators do; gatehouse-admin alone serves it. */
@Module({
  imports: [TenancyModule],
  providers: [
    ...GATEWAY,
    BillingAccounts,
    ...FOLLOWING,
    StripeArchive,
    OperatorLog,
    Sweeps,
    Drifts,
    ...OPERATING,
  ],
  exports: OPERATING,
})
export class BillingOperatorsModule {}

/** What the worker does: applies what Stripe told, and what time changes. */
@Module({
  imports: [TenancyModule],
  providers: [...STRIPE, ...FOLLOWING, ApplyEvents, BillingLoops, Sweeps, Drifts, Reconcile, ReconcileLoop],
})
export class BillingWorkerModule {}
