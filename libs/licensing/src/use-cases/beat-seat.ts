import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from '#platform';
import { SignedRefusals } from '../leases/signed-refusals.js';
import { SeatBudget } from '../seats/seat-budget.js';
import { KeepSeat } from './keep-seat.js';
import { heldSeat, type HeldSeat, seatGone } from './seat-answers.js';
import { SeatSessions } from './seat-sessions.js';

/** A session id as acquire gave it. */
export const SeatInput = z.strictObject({
  sessionId: z.string().min(1).max(256).meta({ example: 'seat_AQGTn...' }),
});

/** A heartbeat: keeps a seat, or takes it again when it lapsed and is still free. */
@Injectable()
export class BeatSeat {
  constructor(
    private readonly keepSeat: KeepSeat,
    private readonly budget: SeatBudget,
    private readonly sessions: SeatSessions,
    private readonly refusals: SignedRefusals,
  ) {}

  /** Throws 401 forged, 403 when the licence is blocked, 409 `SEATS_EXHAUSTED`, 410 `SEAT_GONE`, 429, 503. */
  async execute(actor: Actor, input: z.output<typeof SeatInput>): Promise<HeldSeat> {
    const grant = await this.sessions.read(actor, input.sessionId);
    this.budget.spend(grant);
    const kept = await this.keepSeat.execute(actor, grant);
    if ('gone' in kept) throw seatGone();
    if ('blocked' in kept) throw await this.refusals.ofSeat(actor, grant, kept.blocked);
    this.budget.learn(grant.licenseId, kept.held.max);
    return heldSeat(kept.held);
  }
}
