import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Actor } from '#platform';
import { SeatBudget } from '../seats/seat-budget.js';
import type { SeatInput } from './beat-seat.js';
import { GiveBackSeat } from './give-back-seat.js';
import { SeatSessions } from './seat-sessions.js';

/** A program gives its seat back, for good. Repeatable. */
@Injectable()
export class ReleaseSeat {
  constructor(
    private readonly giveBack: GiveBackSeat,
    private readonly budget: SeatBudget,
    private readonly sessions: SeatSessions,
  ) {}

  /** Whether the seat was still held. Throws 401 forged, 429, 503. */
  async execute(actor: Actor, input: z.output<typeof SeatInput>): Promise<{ released: boolean }> {
    const grant = await this.sessions.read(actor, input.sessionId);
    this.budget.spend(grant);
    return { released: await this.giveBack.execute(actor, grant) };
  }
}
