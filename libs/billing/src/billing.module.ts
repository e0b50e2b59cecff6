import { Module } from '@nestjs/common';
import { IdentityContactModule } from '#identity';
import { LicensingModule } from '#licensing';
import { ClosedTenants } from '#platform';
import { TenancyModule } from '#tenancy';
import { ApplyEvents } from './applying/apply-events.js';
import { ApplyLoop } from './applying/apply-loop.js';
import { EndCustomers } from './applying/end-customers.js';
import { FinishChanges } from './applying/finish-changes.js';
import { LookAtDue } from './applying/look-at-due.js';
import { CustomerOfEvent } from './applying/customer-of-event.js';
import { ForgetLeftovers } from './applying/forget-leftovers.js';
import { Prices } from './catalogue/prices.js';
import { EndWithTenant } from './handlers/end-with-tenant.js';
import { BillingController } from './http/billing.controller.js';
import { RecordBilledUse } from './handlers/record-billed-use.js';
import { TellOperators } from './handlers/tell-operators.js';
import { TellStripeContact } from './handlers/tell-stripe-contact.js';
import { TellStream } from './handlers/tell-stream.js';
import { BillingStreamController } from './http/stream.controller.js';
import { UsageController } from './http/usage.controller.js';
import { WebhooksController } from './http/webhooks.controller.js';
import { BilledUsage } from './persistence/billed-usage.js';
import { BillingAccounts } from './persistence/billing-accounts.js';
import { Checkouts } from './persistence/checkouts.js';
import { Drifts } from './persistence/drifts.js';
import { Endings } from './persistence/endings.js';
import { OpenWishes } from './persistence/open-wishes.js';
import { MinutesOfUses } from './persistence/minutes-of-uses.js';
import { OpenDisputes } from './persistence/open-disputes.js';
import { OperatorLog } from './persistence/operator-log.js';
import { ProductWrites } from './persistence/product-writes.js';
import { StripeArchive } from './persistence/stripe-archive.js';
import { StripeEvents } from './persistence/stripe-events.js';
import { StripeInbox } from './persistence/stripe-inbox.js';
import { StripeLeftovers } from './persistence/stripe-leftovers.js';
import { StripeWrites } from './persistence/stripe-writes.js';
import { StuckUses } from './persistence/stuck-uses.js';
import { Sweeps } from './persistence/sweeps.js';
import { ReconcileLoop } from './reconciling/reconcile-loop.js';
import { Reconcile } from './reconciling/reconcile.js';
import { OpenWrites } from './persistence/open-writes.js';
import { StreamEvents } from './persistence/stream-events.js';
import { ForgetStream } from './streaming/forget-stream.js';
import { LiveStreams } from './streaming/live-streams.js';
import { BillingStreamLimits } from './streaming/stream.config.js';
import { StreamNews } from './streaming/stream-news.js';
import { UsageShipments } from './persistence/usage-shipments.js';
import { WishBook } from './persistence/wishes.js';
import { LookAtCharges } from './stripe/look-at-charges.js';
import { StripeLook } from './stripe/look.js';
import { PriceIds } from './stripe/price-ids.js';
import { StripeClient } from './stripe/stripe-client.js';
import { PortalConfiguration } from './stripe/portal-configuration.js';
import { StripeGateway } from './stripe/stripe-gateway.js';
import { OpenPages } from './stripe/open-pages.js';
import { KnownWrites } from './settling/known-writes.js';
import { SettleLoop } from './settling/settle-loop.js';
import { SettleWrites } from './settling/settle-writes.js';
import { BillingSummary } from './summary.js';
import { BillingContacts } from './use-cases/billing-contacts.js';
import { BillingAccess } from './use-cases/billing-access.js';
import { ChooseTrial } from './use-cases/choose-trial.js';
import { CheckoutPages } from './use-cases/checkout-pages.js';
import { ChangeEnding } from './use-cases/change-ending.js';
import { ChangeWhenPaid } from './use-cases/change-when-paid.js';
import { ChangedItems } from './use-cases/changed-items.js';
import { ChangeSubscription } from './use-cases/change-subscription.js';
import { EnsureCustomer } from './use-cases/ensure-customer.js';
import { FollowCustomer } from './use-cases/follow-customer.js';
import { MakeChanges } from './use-cases/make-changes.js';
import { ListDisputes } from './use-cases/list-disputes.js';
import { ManageContract } from './use-cases/manage-contract.js';
import { ManageDrift } from './use-cases/manage-drift.js';
import { ManageUses } from './use-cases/manage-uses.js';
import { OpenPortal } from './use-cases/open-portal.js';
import { PresentSubscription } from './use-cases/present-subscription.js';
import { PreviewChange } from './use-cases/preview-change.js';
import { ReadBilling } from './use-cases/read-billing.js';
import { ReadInvoices } from './use-cases/read-invoices.js';
import { CompareUsage } from './usage/compare-usage.js';
import { CountedUsage } from './usage/counted-usage.js';
import { HearMeterErrors } from './usage/hear-meter-errors.js';
import { ShipUsage } from './usage/ship-usage.js';
import { UsageLoop } from './usage/usage-loop.js';
import { ReadBillingContacts } from './use-cases/read-contacts.js';
import { OpenBillingStream } from './use-cases/open-billing-stream.js';
import { ReadBilledUsage } from './use-cases/read-billed-usage.js';
import { ReceiveStripeEvent } from './use-cases/receive-stripe-event.js';
import { ReplayFixtures } from './use-cases/replay-fixtures.js';
import { ResumePaused } from './use-cases/resume-paused.js';
import { ReplayStripeEvents } from './use-cases/replay-stripe-events.js';
import { RestateAccount } from './use-cases/restate-account.js';
import { SetUpStripe } from './use-cases/set-up-stripe.js';
import { SetUpThinEvents } from './use-cases/set-up-thin-events.js';
import { ShowBilling } from './use-cases/show-billing.js';
import { StartCheckout } from './use-cases/start-checkout.js';
import { SyncStripeCatalogue } from './use-cases/sync-stripe-catalogue.js';

const GATEWAY = [Prices, StripeClient, StripeWrites, ProductWrites, StripeGateway];
const STRIPE = [...GATEWAY, BillingAccounts, BillingSummary];
const FOLLOWING = [
  ClosedTenants,
  Checkouts,
  StripeInbox,
  LookAtCharges,
  StripeLook,
  RestateAccount,
  FollowCustomer,
  CustomerOfEvent,
  OpenPages,
  ManageContract,
];

const CHANGES = [
  WishBook,
  PriceIds,
  PresentSubscription,
  ChangedItems,
  ChangeWhenPaid,
  MakeChanges,
  ResumePaused,
  ChangeEnding,
];
const SETTLING = [OpenWrites, EnsureCustomer, CheckoutPages, KnownWrites, SettleWrites, SettleLoop];

const STREAM = [StreamEvents, StreamNews];

const USAGE = [
  BilledUsage,
  UsageShipments,
  MinutesOfUses,
  RecordBilledUse,
  ShipUsage,
  CountedUsage,
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
    BillingAccess,
    EnsureCustomer,
    ReceiveStripeEvent,
    ReadBilling,
    CheckoutPages,
    ReadInvoices,
    StartCheckout,
    OpenPortal,
    PortalConfiguration,
    PreviewChange,
    ...CHANGES,
    ChangeSubscription,
    BillingContacts,
    ...STREAM,
    BillingStreamLimits,
    OpenBillingStream,
    LiveStreams,
    BilledUsage,
    ReadBilledUsage,
  ],
})
export class BillingModule {}

/** Whom mails about money go to. */
@Module({ providers: [BillingAccounts, ReadBillingContacts], exports: [ReadBillingContacts] })
export class BillingContactsModule {}

/** What signing up says of buying. */
@Module({ providers: [BillingAccounts, ChooseTrial], exports: [ChooseTrial] })
export class TrialModule {}

const OPERATING = [
  SyncStripeCatalogue,
  ManageContract,
  ReplayStripeEvents,
  ReplayFixtures,
  ManageDrift,
  ManageUses,
  ShowBilling,
  ListDisputes,
  SetUpStripe,
  SetUpThinEvents,
];

/** What operators do; gatehouse-admin alone serves it. */
@Module({
  imports: [TenancyModule],
  providers: [
    ...GATEWAY,
    BillingAccounts,
    ...FOLLOWING,
    StripeArchive,
    OpenDisputes,
    OperatorLog,
    Sweeps,
    Drifts,
    StuckUses,
    MinutesOfUses,
    CountedUsage,
    ...OPERATING,
  ],
  exports: OPERATING,
})
export class BillingOperatorsModule {}

/** What the worker does: applies what Stripe told, and what time changes. */
@Module({
  imports: [TenancyModule, LicensingModule, IdentityContactModule],
  providers: [
    ...STRIPE,
    ...FOLLOWING,
    ...SETTLING,
    ApplyEvents,
    ApplyLoop,
    LookAtDue,
    StripeLeftovers,
    ForgetLeftovers,
    ...CHANGES,
    OpenWishes,
    FinishChanges,
    Endings,
    EndCustomers,
    EndWithTenant,
    TellOperators,
    TellStripeContact,
    Sweeps,
    Drifts,
    Reconcile,
    ReconcileLoop,
    ...STREAM,
    TellStream,
    ForgetStream,
    ...USAGE,
  ],
  exports: [EndWithTenant, ForgetLeftovers],
})
export class BillingWorkerModule {}
