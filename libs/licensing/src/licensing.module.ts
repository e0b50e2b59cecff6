import { Module } from '@nestjs/common';
import { License } from './domain/license.js';
import { FollowTenantStatus } from './handlers/follow-tenant-status.js';
import { RefreshPoolPolicy } from './handlers/refresh-pool-policy.js';
import { LicensesController } from './http/licenses.controller.js';
import { SeatsController } from './http/seats.controller.js';
import { Licenses } from './persistence/licenses.js';
import { SeatLedger } from './persistence/seat-ledger.js';
import { LedgerDrain } from './seats/ledger-drain.js';
import { SeatPool } from './seats/seat-pool.js';
import { AcquireSeat } from './use-cases/acquire-seat.js';
import { BeatSeat } from './use-cases/beat-seat.js';
import { FindLicense } from './use-cases/find-license.js';
import { IssueLicense } from './use-cases/issue-license.js';
import { ReadLicenses } from './use-cases/read-licenses.js';
import { ReleaseSeat } from './use-cases/release-seat.js';
import { Sessions } from './use-cases/seat-answers.js';
import { ValidateLicense } from './use-cases/validate-license.js';

export const LICENSING_ENTITIES = [License];

@Module({
  controllers: [SeatsController, LicensesController],
  providers: [
    Licenses,
    SeatLedger,
    SeatPool,
    Sessions,
    FindLicense,
    IssueLicense,
    ReadLicenses,
    AcquireSeat,
    BeatSeat,
    ReleaseSeat,
    ValidateLicense,
  ],
  exports: [IssueLicense, ReadLicenses, Licenses, SeatLedger, SeatPool, FindLicense],
})
export class LicensingModule {}

/** What only the worker runs: the reactions, and the drain of the seat ledger. */
@Module({ imports: [LicensingModule], providers: [LedgerDrain, FollowTenantStatus, RefreshPoolPolicy] })
export class LicensingWorkerModule {}
