import { Module } from '@nestjs/common';
import { ClosedTenants } from '#platform';
import { ADMINISTRATION, ADMINISTRATION_CONTROLLERS, OPERATORS } from './administration.providers.js';
import { CatalogueWatch } from './catalogue/catalogue-watch.js';
import { DESK, DESK_CONTROLLERS, DESK_HANDLERS } from './desk.providers.js';
import { License } from './domain/license.js';
import { FollowSubscription } from './handlers/follow-subscription.js';
import { FollowTenantStatus } from './handlers/follow-tenant-status.js';
import { FollowTenantTerms } from './handlers/follow-tenant-terms.js';
import { ProveHolder } from './handlers/prove-holder.js';
import { RefreshPoolPolicy } from './handlers/refresh-pool-policy.js';
import { ActivationsController } from './http/activations.controller.js';
import { KeysController } from './http/keys.controller.js';
import { LicensesController } from './http/licenses.controller.js';
import { SeatsController } from './http/seats.controller.js';
import { UsageController } from './http/usage.controller.js';
import { LEASES } from './leases/leases.providers.js';
import { Catalogue } from './persistence/catalogue.js';
import { Licenses } from './persistence/licenses.js';
import { QUOTAS } from './quotas/quotas.providers.js';
import { UsageDrain } from './quotas/usage-drain.js';
import { ForgetPools } from './seats/forget-pools.js';
import { KeyUses } from './seats/key-uses.js';
import { SeatBudget } from './seats/seat-budget.js';
import { SEAT_LOOPS, SEATS } from './seats/seats.providers.js';
import { SeatStanding } from './seats/seat-standing.js';
import { AcquireSeat } from './use-cases/acquire-seat.js';
import { BeatSeat } from './use-cases/beat-seat.js';
import { CheckInLicense } from './use-cases/check-in-license.js';
import { FindLicenseByKey } from './use-cases/find-license-by-key.js';
import { IssueLicense } from './use-cases/issue-license.js';
import { LoadPoolPolicy } from './use-cases/load-pool-policy.js';
import { ReadLicenses } from './use-cases/read-licenses.js';
import { ReadUsage } from './use-cases/read-usage.js';
import { ReleaseSeat } from './use-cases/release-seat.js';
import { RequestActivation } from './use-cases/request-activation.js';
import { SeatSessions } from './use-cases/seat-sessions.js';
import { UseQuota } from './use-cases/use-quota.js';
import { ValidateLicense } from './use-cases/validate-license.js';

export const LICENSING_ENTITIES = [License];

const LICENSES = [
  Catalogue,
  Licenses,
  IssueLicense,
  ReadLicenses,
  LoadPoolPolicy,
  ...SEATS,
  ...DESK,
  ...QUOTAS,
  ...ADMINISTRATION,
];

/** The licences themselves, for whoever asks. */
@Module({ providers: LICENSES, exports: LICENSES })
export class LicensingModule {}

/** What operators do with licences and the catalogue; gatehouse-admin alone serves it. */
@Module({ imports: [LicensingModule], providers: OPERATORS, exports: OPERATORS })
export class LicensingOperatorsModule {}

/** What signs: for the processes that are given LeasesConfig; the worker is not. Needs HttpConfig. */
@Module({ imports: [LicensingModule], providers: LEASES, exports: LEASES })
export class LeasesModule {}

/** What programs and people call. Needs LimitsModule. */
@Module({
  imports: [LicensingModule, LeasesModule],
  controllers: [
    SeatsController,
    LicensesController,
    KeysController,
    ActivationsController,
    UsageController,
    ...DESK_CONTROLLERS,
    ...ADMINISTRATION_CONTROLLERS,
  ],
  providers: [
    SeatSessions,
    SeatBudget,
    KeyUses,
    FindLicenseByKey,
    CheckInLicense,
    AcquireSeat,
    BeatSeat,
    ReleaseSeat,
    SeatStanding,
    ValidateLicense,
    RequestActivation,
    UseQuota,
    ReadUsage,
  ],
})
export class LicensingHttpModule {}

/** What only the worker runs: the reactions, and the drains of the ledgers. */
@Module({
  imports: [LicensingModule],
  providers: [
    ...SEAT_LOOPS,
    ClosedTenants,
    UsageDrain,
    ForgetPools,
    FollowSubscription,
    FollowTenantStatus,
    ProveHolder,
    RefreshPoolPolicy,
    FollowTenantTerms,
    CatalogueWatch,
    ...DESK_HANDLERS,
  ],
  exports: [ForgetPools],
})
export class LicensingWorkerModule {}
