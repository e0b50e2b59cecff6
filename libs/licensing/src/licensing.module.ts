import { Module } from '@nestjs/common';
import { License } from './domain/license.js';
import { FollowTenantStatus } from './handlers/follow-tenant-status.js';
import { RefreshPoolPolicy } from './handlers/refresh-pool-policy.js';
import { LicensesController } from './http/licenses.controller.js';
import { SeatsController } from './http/seats.controller.js';
import { Licenses } from './persistence/licenses.js';
import { SeatLedger } from './persistence/seat-ledger.js';
import { LedgerDrain } from './seats/ledger-drain.js';
import { SeatBudget } from './seats/seat-budget.js';
import { SeatPool } from './seats/seat-pool.js';
import { AcquireSeat } from './use-cases/acquire-seat.js';
import { BeatSeat } from './use-cases/beat-seat.js';
import { FindLicenseByKey } from './use-cases/find-license-by-key.js';
import { IssueLicense } from './use-cases/issue-license.js';
import { LoadPoolPolicy } from './use-cases/load-pool-policy.js';
import { ReadLicenses } from './use-cases/read-licenses.js';
import { ReleaseSeat } from './use-cases/release-seat.js';
import { Sessions } from './use-cases/seat-answers.js';
import { ValidateLicense } from './use-cases/validate-license.js';

export const LICENSING_ENTITIES = [License];

/** The licences themselves, for whoever asks. */
@Module({
  providers: [Licenses, SeatLedger, SeatPool, IssueLicense, ReadLicenses, LoadPoolPolicy],
  exports: [IssueLicense, ReadLicenses, Licenses, SeatLedger, SeatPool, LoadPoolPolicy],
})
export class LicensingModule {}

/** What programs and people call. Needs LimitsModule. */
@Module({
  imports: [LicensingModule],
  controllers: [SeatsController, LicensesController],
  providers: [Sessions, SeatBudget, FindLicenseByKey, AcquireSeat, BeatSeat, ReleaseSeat, ValidateLicense],
})
export class LicensingHttpModule {}

/** What only the worker runs: the reactions, and the drain of the seat ledger. */
@Module({ imports: [LicensingModule], providers: [LedgerDrain, FollowTenantStatus, RefreshPoolPolicy] })
export class LicensingWorkerModule {}
