import { Injectable } from '@nestjs/common';
import type { LeaseMode } from '#sdk/formats';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Every time that seats go by, in ms unless said. Of a product that runs these hold; tests have less patience. */
@Injectable()
export class SeatTimes {
  /** The contract's 360 s (C48). */
  readonly ttl: number = 360_000;
  /** Modes that set their own: a day, and thirty days. Such grants are in Postgres before they are answered. */
  readonly longTtl: Partial<Record<LeaseMode, number>> = { relaxed: DAY_MS, instance: 30 * DAY_MS };
  /** A seat that outlives it moves in steps of it, so that Postgres is written at most once a step. */
  readonly step: number = HOUR_MS;
  /** A shard that was emptied gives nothing back for so long: processes first tell Postgres what they have just released. */
  readonly returnsAfter: number = 2_000;
  /** What processes remember of what they told is compared with the ledger this often; less than `returnsAfter`. */
  readonly check: number = 1_000;
  /** Who waits in a queue and has not asked for so long has given up. */
  readonly patience: number = 60_000;
  /** The mark of a release outlives its entry's way to Postgres by so much: longer than any request that asked before. */
  readonly mark: number = 60_000;

  /** How long a seat is held without a heartbeat. */
  ttlOf(mode: LeaseMode): number {
    return this.longTtl[mode] ?? this.ttl;
  }

  /** null: seats of this mode do not outlive a step. */
  stepOf(mode: LeaseMode): number | null {
    return this.ttlOf(mode) > this.step ? this.step : null;
  }
}

/** What clients are told to beat at, in seconds: a lost beat costs nothing (C48). Long seats beat less often. */
export const intervalOf = (isLong: boolean): number => (isLong ? 300 : 150);
