import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import type { LedgerEntry } from '../persistence/seat-ledger.js';
import { ledgerIdOf, timeOf } from '../seats/ledger-entries.js';
import { shardOf } from '../seats/pool-keys.js';
import { RecentChanges } from '../seats/recent-changes.js';
import type { Held } from '../seats/seat-answer.js';
import { type Caller, SeatPool } from '../seats/seat-pool.js';
import { SeatRecorder } from '../seats/seat-recorder.js';
import { seatsUnavailable } from '../seats/seat-scripts.js';
import type { SeatGrant } from '../seats/session-id.js';
import { LoadPoolPolicy } from './load-pool-policy.js';
import { callerOf } from './seat-answers.js';

/**
 * What has to be in Postgres before a holder is told: the lapse of whoever had the place before, and a seat that
 * outlives an hour. Most grants and nearly all heartbeats need nothing.
 */
@Injectable()
export class SettleSeat {
  constructor(
    private readonly pool: SeatPool,
    private readonly recorder: SeatRecorder,
    private readonly recent: RecentChanges,
    private readonly loadPolicy: LoadPoolPolicy,
  ) {}

  /**
   * The answer as its holder may hear it. `undo`: how a grant is taken back when Postgres refuses; null: there is
   * nothing to take back. Throws 503 `SEATS_UNAVAILABLE`.
   */
  async execute(
    actor: Actor,
    grant: SeatGrant,
    held: Held,
    undo: 'released' | 'lapsed' | null,
  ): Promise<Held> {
    this.remember(grant, held.entryId, 'acquired', callerOf(actor));
    const { lapses, coming, moved } = held;
    if (lapses.length === 0 && !coming && !moved) return held;
    try {
      await this.write(grant, held, callerOf(actor));
    } catch (cause) {
      await this.takeBack(grant, held, undo);
      throw seatsUnavailable(cause);
    }
    if (lapses.length > 0) {
      // Only so that nobody writes them again; the drain would say so, too.
      this.pool.settleLapses(grant.licenseId, lapses).catch(() => undefined);
    }
    if (!coming) return held;
    const kept = await this.loadPolicy.before(actor, grant, () => this.pool.heartbeat(grant, coming));
    if (kept.outcome !== 'held')
      throw seatsUnavailable(new Error(`A long seat was answered ${kept.outcome}.`), 1);
    return { ...held, expiresAt: kept.expiresAt };
  }

  /** Takes a grant back that nobody was told of; one that was held before stays. What Redis does not hear lapses. */
  async takeBack(grant: SeatGrant, held: Held, undo: 'released' | 'lapsed' | null): Promise<void> {
    if (undo && held.isNew) await this.pool.undo(grant, held.expiresAt, undo).catch(() => undefined);
  }

  /** What a caller is about to be told, until the ledger has it. */
  remember(grant: SeatGrant, entryId: string | null, change: 'acquired' | 'released', caller: Caller): void {
    if (!entryId) return;
    const shard = shardOf(grant.licenseId);
    const entry = entryOf(grant, entryId, change, caller);
    this.recent.note(shard, { tenantId: grant.tenantId, entryId, entry });
  }

  private async write(grant: SeatGrant, held: Held, caller: Caller): Promise<void> {
    const { licenseId, seatId, device } = grant;
    const shard = shardOf(licenseId);
    const nobody = { userId: null, sessionId: null, traceId: caller.traceId, address: null };
    const lapses = held.lapses.map((one) => entryOf({ licenseId, ...one }, one.entryId, 'lapsed', nobody));
    const kept = (held.coming ?? held.moved) && {
      licenseId,
      seatId,
      device,
      shard,
      userId: caller.userId,
      loginId: caller.sessionId ?? null,
      address: caller.address,
      toldAt: held.at,
      expiresAt: held.coming,
    };
    await this.recorder.record(grant.tenantId, shard, lapses, kept || null);
  }
}

function entryOf(
  { licenseId, seatId, device }: Pick<SeatGrant, 'licenseId' | 'seatId' | 'device'>,
  entryId: string,
  change: LedgerEntry['change'],
  { userId, sessionId, traceId, address }: Caller,
): LedgerEntry {
  return {
    ledgerId: ledgerIdOf(shardOf(licenseId), entryId),
    change,
    licenseId,
    seatId,
    device,
    userId,
    ...(sessionId ? { loginId: sessionId } : {}),
    traceId,
    address,
    count: 1,
    at: timeOf(entryId),
  };
}
