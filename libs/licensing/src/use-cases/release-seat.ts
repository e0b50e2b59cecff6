import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Actor } from '#platform';
import { SeatLedger } from '../persistence/seat-ledger.js';
import { SeatBudget } from '../seats/seat-budget.js';
import { SeatPool } from '../seats/seat-pool.js';
import type { SeatInput } from './beat-seat.js';
import { callerOf, Sessions } from './seat-answers.js';

/** Gives a seat back, for good. Repeatable. */
@Injectable()
export class ReleaseSeat {
  constructor(
    private readonly pool: SeatPool,
    private readonly budget: SeatBudget,
    private readonly ledger: SeatLedger,
    private readonly sessions: Sessions,
  ) {}

  /** Whether the seat was still held. Throws 401 forged, 429, 503. */
  async execute(actor: Actor, input: z.output<typeof SeatInput>): Promise<{ released: boolean }> {
    const grant = await this.sessions.read(actor, input.sessionId);
    this.budget.spend(grant.licenseId);
    const caller = callerOf(actor);

    const outcome = await this.pool.release(grant, false, caller);
    if (outcome !== 'unknown') return { released: outcome === 'released' };

    const owner = actor.as({ tenantId: grant.tenantId });
    if (await this.ledger.wasReleased(owner, grant.licenseId, grant.seatId)) return { released: false };
    await this.pool.release(grant, true, caller);
    return { released: false };
  }
}
