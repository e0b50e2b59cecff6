import { Injectable } from '@nestjs/common';
import { type Actor, Clock } from '#platform';
import { SeatLedger } from '../persistence/seat-ledger.js';
import type { Held } from '../seats/seat-answer.js';
import { type LedgerWord, SeatPool } from '../seats/seat-pool.js';
import type { SeatGrant } from '../seats/session-id.js';
import { ClaimDevice } from './claim-device.js';
import { LoadPoolPolicy, type WarmAnswer } from './load-pool-policy.js';
import { callerOf, refusalOf } from './seat-answers.js';
import { SettleSeat } from './settle-seat.js';

/** The shard may be emptied between the question to the ledger and the one to Redis; again and again is an outage. */
const TRIES = 3;
/** Half of what SeatTimes keeps the mark of a release for, in ms. */
const LEDGER_WORD_MS = 30_000;

export type Kept = { held: Held } | { blocked: string } | { gone: true };

/** Keeps a seat, or takes it again when it lapsed and its place is free. */
@Injectable()
export class KeepSeat {
  constructor(
    private readonly pool: SeatPool,
    private readonly ledger: SeatLedger,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly settle: SettleSeat,
    private readonly claimDevice: ClaimDevice,
    private readonly clock: Clock,
  ) {}

  /** Throws 404, 409 `SEATS_EXHAUSTED` or `DEVICE_IN_USE`, 503; that the licence is blocked or the seat is over are answers. */
  async execute(actor: Actor, grant: SeatGrant): Promise<Kept> {
    const answer = await this.loadPolicy.before(actor, grant, () => this.pool.heartbeat(grant));
    if (answer.outcome === 'held') {
      return { held: answer.coming ? await this.settle.execute(actor, grant, answer, null) : answer };
    }
    if (answer.outcome !== 'late') return refusalOf(answer);
    const late = await this.comeBack(actor, grant);
    if (late.outcome === 'gone') return { gone: true };
    if (late.outcome !== 'held') return refusalOf(late);
    await this.claim(actor, grant, late);
    return { held: await this.settle.execute(actor, grant, late, 'lapsed') };
  }

  /** Another licence may have the device by now, where it is not shared. */
  private async claim(actor: Actor, grant: SeatGrant, held: Held): Promise<void> {
    try {
      const policy = await this.loadPolicy.known(actor, grant);
      await this.claimDevice.execute(actor, policy, grant.device);
    } catch (cause) {
      await this.settle.takeBack(grant, held, 'lapsed');
      throw cause;
    }
  }

  /** It lapsed, was released, or Redis forgot it. */
  private async comeBack(actor: Actor, grant: SeatGrant): Promise<WarmAnswer> {
    let caller = callerOf(actor);
    const ask = (said?: LedgerWord) =>
      this.loadPolicy.before(actor, grant, () => this.pool.comeBack(grant, caller, said));
    let answer = await ask();
    for (let tries = 0; answer.outcome === 'unknown' && tries < TRIES; tries++) {
      const { generation } = answer;
      const deadline = this.clock.now().getTime() + LEDGER_WORD_MS;
      // Only the ledger can tell a release. What it says is good for as long as the mark of a release is kept.
      const owner = actor.as({ tenantId: grant.tenantId });
      const past = await this.ledger.pastOf(owner, grant.licenseId, grant.seatId);
      const { history, userId, loginId, expiresAt } = past;
      if (history === 'released') return { outcome: 'gone' };
      // Programs beat with the session id alone: the seat is still whose it was.
      if (caller.userId === null) caller = { ...caller, userId, sessionId: loginId };
      if (this.clock.now().getTime() > deadline) break;
      answer = await ask({ history, generation, expiresAt });
    }
    return answer;
  }
}
