import { Module } from '@nestjs/common';
import { IdentityContactModule } from '#identity';
import { LicensingModule } from '#licensing';
import { TenancyModule } from '#tenancy';
import { ApplyEvents } from './applying/apply-events.js';
import { BillingLoops } from './applying/billing-loops.js';
import { CustomerOfEvent } from './applying/customer-of-event.js';
import { Prices } from './catalogue/prices.js';
import { EndWithTenant } from './handlers/end-with-tenant.js';
import { BillingController } from './http/billing.controller.js';
import { RecordBilledUse } from './handlers/record-billed-use.js';
import { TellStream } from './handlers/tell-stream.js';
import { BillingStreamController } from './http/stream.controller.js';
import { UsageController } from './http/usage.controller.js';
import { WebhooksController } from './http/webhooks.controller.js';
import { BilledUsage } from './persistence/billed-usage.js';
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
import { StreamEvents } from './persistence/stream-events.js';
import { ForgetStream } from './streaming/forget-stream.js';
import { LiveStreams } from './streaming/live-streams.js';
import { BillingStreamLimits } from './streaming/stream.config.js';
import { StreamNews } from './streaming/stream-news.js';
import { UsageShipments } from './persistence/usage-shipments.js';
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
import { CompareUsage } from './usage/compare-usage.js';
import { HearMeterErrors } from './usage/hear-meter-errors.js';
import { ShipUsage } from './usage/ship-usage.js';
import { UsageLoop } from './usage/usage-loop.js';
import { OpenBillingStream } from './use-cases/open-billing-stream.js';
import { ReadBilledUsage } from './use-cases/read-billed-usage.js';
import { ReceiveStripeEvent } from './use-cases/receive-stripe-event.js';
import { ReplayStripeEvents } from './use-cases/replay-stripe-events.js';
import { RestateAccount } from './use-cases/restate-account.js';
import { SetUpStripe } from './use-cases/set-up-stripe.js';
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

const STREAM = [StreamEvents, StreamNews];

const USAGE = [
  BilledUsage,
  UsageShipments,
  RecordBilledUse,
  ShipUsage,
  CompareUsage,
  HearMeterErrors,
  UsageLoop,
];

/** What people and Stripe call. Needs LimitsModule. */
@Module({
  imports: [TenancyModule, LicensingModule, IdentityContactModule],
  controllers: [WebhooksController, BillingController, BillingStreamController, UsageController],
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
    ...STREAM,
    BillingStreamLimits,
    OpenBillingStream,
    LiveStreams,
    BilledUsage,
    ReadBilledUsage,
  ],
})
export class BillingModule {}

const OPERATING = [
  SyncStripeCatalogue,
  ManageContract,
  ReplayStripeEvents,
  ManageDrift,
  ShowBilling,
  SetUpStripe,
];

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
  imports: [TenancyModule, LicensingModule],
  providers: [
    ...STRIPE,
    ...FOLLOWING,
    ApplyEvents,
    BillingLoops,
    EndWithTenant,
    Sweeps,
    Drifts,
    Reconcile,
    ReconcileLoop,
    ...STREAM,
    TellStream,
    ForgetStream,
    ...USAGE,
  ],
})
export class BillingWorkerModule {}
