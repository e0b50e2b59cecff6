import { Injectable } from '@nestjs/common';
import { Actor, Db, occurred, unlessClosed } from '#platform';
import { SeatsRecorded } from '../events/index.js';
import { HeldSeats, type KeptSeat } from '../persistence/held-seats.js';
import { type LedgerEntry, SeatLedger } from '../persistence/seat-ledger.js';

/** Writes entries into the ledger, each once however often it is told, follows them in the seats held, and tells the bus. */
@Injectable()
export class SeatRecorder {
  constructor(
    private readonly db: Db,
    private readonly ledger: SeatLedger,
    private readonly held: HeldSeats,
  ) {}

  /**
   * Entries of one tenant and shard, oldest first. `kept`: a seat to write down with them. Of a tenant that was deleted
   * meanwhile nothing is written.
   */
  async record(
    tenantId: string,
    shard: number,
    entries: readonly LedgerEntry[],
    kept: KeptSeat | null = null,
  ): Promise<void> {
    await this.db
      .transaction(Actor.system(tenantId, entries[0]?.traceId ?? ''), async () => {
        if (entries.length > 0) {
          const fresh = await this.ledger.append(entries);
          await this.held.follow(shard, entries);
          const last = fresh.at(-1);
          if (last) this.db.record([occurred(SeatsRecorded, { entries: fresh }, new Date(last.at))]);
        }
        if (kept) await this.held.keep(kept);
      })
      .catch(unlessClosed);
  }
}
