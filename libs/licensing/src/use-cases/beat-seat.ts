import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from '#platform';
import { SeatLedger } from '../persistence/seat-ledger.js';
import { SeatBudget } from '../seats/seat-budget.js';
import { SeatPool } from '../seats/seat-pool.js';
import type { SeatGrant } from '../seats/session-id.js';
import { LoadPoolPolicy, type WarmAnswer } from './load-pool-policy.js';
import { callerOf, type HeldSeat, refuseBlocked, refuseFull, seatGone, Sessions } from './seat-answers.js';

/** A session id as acquire gave it. */
export const SeatInput = z.strictObject({
  sessionId: z.string().min(1).max(256).meta({ example: 'seat_AQGTn...' }),
});

/** A heartbeat: keeps a seat, or takes it again when it lapsed and is still free. */
@Injectable()
export class BeatSeat {
  constructor(
    private readonly pool: SeatPool,
    private readonly ledger: SeatLedger,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly budget: SeatBudget,
    private readonly sessions: Sessions,
  ) {}

  /** Throws 401 forged, 403 when the licence is blocked, 409 `SEATS_EXHAUSTED`, 410 `SEAT_GONE`, 429, 503. */
  async execute(actor: Actor, input: z.output<typeof SeatInput>): Promise<HeldSeat> {
    const grant = await this.sessions.read(actor, input.sessionId);
    this.budget.spend(grant.licenseId);
    const answer = await this.beat(actor, grant);
    if (answer.outcome === 'full') throw refuseFull(answer);
    if (answer.outcome === 'blocked') throw refuseBlocked(answer.code);
    if (answer.outcome === 'gone') throw seatGone();
    if (answer.outcome !== 'held') throw new Error(`A heartbeat was answered ${answer.outcome}.`);
    this.budget.learn(grant.licenseId, answer.max);
    return this.sessions.held(grant, answer);
  }

  private async beat(actor: Actor, grant: SeatGrant): Promise<WarmAnswer> {
    const ask = (mayReturn: boolean) =>
      this.loadPolicy.before(actor, grant, () => this.pool.heartbeat(grant, mayReturn, callerOf(actor)));
    const answer = await ask(false);
    if (answer.outcome !== 'unknown') return answer;

    // Redis knows nothing of it: it lapsed long ago, or Redis was emptied. Only the ledger can tell a release.
    const owner = actor.as({ tenantId: grant.tenantId });
    if (await this.ledger.wasReleased(owner, grant.licenseId, grant.seatId)) return { outcome: 'gone' };
    return ask(true);
  }
}
