import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, idOf, unauthenticated } from '#platform';
import { deviceOf, HardwareId } from '../domain/hardware-id.js';
import { Leases } from '../leases/leases.js';
import { SignedRefusals } from '../leases/signed-refusals.js';
import { LicensingConfig } from '../licensing.config.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { SeatBudget } from '../seats/seat-budget.js';
import { newSeatId } from '../seats/session-id.js';
import { FindLicenseByKey } from './find-license-by-key.js';
import { LicenseKeyInput } from './license-key-input.js';
import { ownPlace, type Place, samePlace } from './place.js';
import { heldSeat, type HeldSeat } from './seat-answers.js';
import { SeatSessions } from './seat-sessions.js';
import { TakeSeat } from './take-seat.js';

export const AcquireSeatInput = z.strictObject({
  hardwareId: HardwareId,
  licenseId: idOf('lic').optional(),
  licenseKey: LicenseKeyInput.optional(),
});

type Input = z.output<typeof AcquireSeatInput>;

/** What a program needs to go on: its proof, its seat, its terms and a lease for when we are away. */
export interface TakenSeat extends HeldSeat {
  sessionId: string;
  policy: PoolPolicy;
  lease: string;
}

/** Takes a seat for a device; the device that has one keeps it. */
@Injectable()
export class AcquireSeat {
  constructor(
    private readonly findByKey: FindLicenseByKey,
    private readonly takeSeat: TakeSeat,
    private readonly budget: SeatBudget,
    private readonly sessions: SeatSessions,
    private readonly leases: Leases,
    private readonly refusals: SignedRefusals,
    private readonly config: LicensingConfig,
  ) {}

  /**
   * By bearer (its own licence, or another of its tenant), or by the licence key alone.
   *
   * Throws 401 without either, 403 `MISSING_SCOPE`, `EMAIL_NOT_VERIFIED`, `LICENSE_SUSPENDED`, `LICENSE_REVOKED`,
   * `LICENSE_EXPIRED`, `NOT_A_NAMED_USER` or `KEY_ACTIVATION_NOT_ALLOWED`, 404, 409 `SEATS_EXHAUSTED` or
   * `DEVICES_EXHAUSTED`, 429, 503 `SEATS_UNAVAILABLE`.
   */
  async execute(actor: Actor, input: Input): Promise<TakenSeat> {
    const place = await this.placeOf(actor, input);
    this.budget.spend(place);
    const byKeyAlone = actor.type === 'anonymous';
    const wish = {
      ...place,
      device: deviceOf(this.config.hardwareKey, place.tenantId, input.hardwareId),
      seatId: newSeatId(),
    };

    const taken = await this.takeSeat.execute(actor, wish, byKeyAlone);
    if ('blocked' in taken) {
      if (taken.blocked === 'TRANSFERRED' && (await this.findByKey.hasMoved(actor, input.licenseKey, place)))
        return this.execute(actor, input);
      throw await this.refusals.ofMachine(actor, place, taken.blocked, input.hardwareId);
    }

    const { held, policy } = taken;
    this.budget.learn(place.licenseId, held.max);
    const lease = await this.leases.forSeat(actor, policy, {
      hardwareId: input.hardwareId,
      seatDevice: wish.device,
      expiresAt: held.expiresAt,
    });
    const sessionId = this.sessions.issue({ ...wish, seatId: held.seatId });
    return { sessionId, ...heldSeat(held), policy, lease };
  }

  private async placeOf(actor: Actor, { licenseKey, licenseId }: Input): Promise<Place> {
    if (actor.type !== 'anonymous') {
      actor.must('seats:acquire');
      if (actor.type === 'user') actor.mustHaveVerifiedEmail();
    }
    if (licenseKey !== undefined) return samePlace(await this.findByKey.found(actor, licenseKey), licenseId);
    if (actor.type === 'anonymous') throw unauthenticated('neither bearer nor licence key');
    return ownPlace(actor, licenseId);
  }
}
