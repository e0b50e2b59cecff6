import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { SeatLedger } from '../persistence/seat-ledger.js';
import { SeatPool } from '../seats/seat-pool.js';
import type { SeatGrant } from '../seats/session-id.js';
import { callerOf } from './seat-answers.js';
import { SettleSeat } from './settle-seat.js';

/** Gives a seat back, for good. Repeatable. */
@Injectable()
export class GiveBackSeat {
  constructor(
    private readonly pool: SeatPool,
    private readonly ledger: SeatLedger,
    private readonly settle: SettleSeat,
  ) {}

  /** Whether the seat was still held. Throws 503. */
  async execute(actor: Actor, grant: SeatGrant): Promise<boolean> {
    const outcome = await this.release(actor, grant, false);
    if (outcome !== 'unknown') return outcome === 'released';

    const owner = actor.as({ tenantId: grant.tenantId });
    const { history } = await this.ledger.pastOf(owner, grant.licenseId, grant.seatId);
    if (history === 'released') return false;
    await this.release(actor, grant, true);
    return false;
  }

  private async release(actor: Actor, grant: SeatGrant, told: boolean) {
    const { outcome, entryId } = await this.pool.release(grant, told, callerOf(actor));
    this.settle.remember(grant, entryId, 'released', callerOf(actor));
    return outcome;
  }
}
