import { HeldSeats } from '../persistence/held-seats.js';
import { SeatLedger } from '../persistence/seat-ledger.js';
import { GiveBackSeat } from '../use-cases/give-back-seat.js';
import { KeepSeat } from '../use-cases/keep-seat.js';
import { SettleSeat } from '../use-cases/settle-seat.js';
import { TakeSeat } from '../use-cases/take-seat.js';
import { LedgerDrain } from './ledger-drain.js';
import { RecentChanges } from './recent-changes.js';
import { SeatPool } from './seat-pool.js';
import { SeatRecorder } from './seat-recorder.js';
import { SeatScripts } from './seat-scripts.js';
import { SeatTimes } from './seat-times.js';
import { ShardRecovery } from './shard-recovery.js';

/** Pools of seats and what is written down of them: of LicensingModule. */
export const SEATS = [
  SeatTimes,
  SeatScripts,
  SeatPool,
  SeatLedger,
  HeldSeats,
  SeatRecorder,
  RecentChanges,
  SettleSeat,
  TakeSeat,
  KeepSeat,
  GiveBackSeat,
];

/** What only the worker runs. The watch comes first: a worker that is ready has opened the shards. */
export const SEAT_LOOPS = [ShardRecovery, LedgerDrain];
