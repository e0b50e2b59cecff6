import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import type { PoolPolicy } from '../seats/pool-policy.js';
import type { Held } from '../seats/seat-answer.js';
import { SeatPool } from '../seats/seat-pool.js';
import type { SeatGrant } from '../seats/session-id.js';
import { BeginTerm } from './begin-term.js';
import { BindDevice } from './bind-device.js';
import { ClaimDevice } from './claim-device.js';
import { LoadPoolPolicy } from './load-pool-policy.js';
import { callerOf, refusalOf } from './seat-answers.js';
import { SettleSeat } from './settle-seat.js';

export type Taken = { held: Held; policy: PoolPolicy } | { blocked: string };

/** A seat for a device, decided by the pool and settled with Postgres where that has to come first. */
@Injectable()
export class TakeSeat {
  constructor(
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly pool: SeatPool,
    private readonly settle: SettleSeat,
    private readonly bindDevice: BindDevice,
    private readonly claimDevice: ClaimDevice,
    private readonly beginTerm: BeginTerm,
  ) {}

  /** Throws 404, 409 `SEATS_EXHAUSTED`, `DEVICES_EXHAUSTED` or `DEVICE_IN_USE`, 503 `SEATS_UNAVAILABLE`; why the licence is blocked is an answer. */
  async execute(actor: Actor, wish: SeatGrant, byKeyAlone: boolean): Promise<Taken> {
    const ask = (isBound: boolean) =>
      this.loadPolicy.before(actor, wish, () =>
        this.pool.acquire(wish, byKeyAlone, callerOf(actor), isBound),
      );
    let answer = await ask(false);
    if (answer.outcome === 'unbound' && answer.knownPolicy) {
      const policy = await this.bindDevice.execute(actor, wish, wish.device, answer.knownPolicy);
      answer = await ask(policy.devices.includes(wish.device));
    }
    if (answer.outcome !== 'held') return refusalOf(answer);
    if (!answer.knownPolicy) throw new Error('A seat was granted without its policy.');

    const grant = { ...wish, seatId: answer.seatId };
    const undo = answer.entryId ? 'released' : null;
    const policy = await this.begun(actor, grant, answer, answer.knownPolicy, undo);
    return { held: await this.settle.execute(actor, grant, answer, undo), policy };
  }

  /** A device may be some other licence's; and the first seat begins the term of a licence that waits for it. */
  private async begun(
    actor: Actor,
    grant: SeatGrant,
    held: Held,
    policy: PoolPolicy,
    undo: 'released' | null,
  ): Promise<PoolPolicy> {
    try {
      await this.claimDevice.execute(actor, policy, grant.device);
      return policy.starts === 'first_activation' ? await this.beginTerm.execute(actor, grant) : policy;
    } catch (cause) {
      await this.settle.takeBack(grant, held, undo);
      throw cause;
    }
  }
}
