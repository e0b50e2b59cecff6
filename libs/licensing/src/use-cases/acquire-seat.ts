import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, DomainError, idOf, notFound, unauthenticated } from '#platform';
import { deviceOf, HardwareId } from '../domain/hardware-id.js';
import { LicensingConfig } from '../licensing.config.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { SeatBudget } from '../seats/seat-budget.js';
import { SeatPool } from '../seats/seat-pool.js';
import { newSeatId } from '../seats/session-id.js';
import { FindLicenseByKey } from './find-license-by-key.js';
import { LoadPoolPolicy, type Place } from './load-pool-policy.js';
import { callerOf, type HeldSeat, refuseBlocked, refuseFull, Sessions } from './seat-answers.js';

export const LicenseKeyInput = z.string().min(1).max(128).meta({ example: 'GH-FREE-0123456789AB-3A5F' });

export const AcquireSeatInput = z.strictObject({
  hardwareId: HardwareId,
  licenseId: idOf('lic').optional(),
  licenseKey: LicenseKeyInput.optional(),
});

type Input = z.output<typeof AcquireSeatInput>;

/** Takes a seat for a device; the device that has one keeps it. */
@Injectable()
export class AcquireSeat {
  constructor(
    private readonly findByKey: FindLicenseByKey,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly pool: SeatPool,
    private readonly budget: SeatBudget,
    private readonly sessions: Sessions,
    private readonly config: LicensingConfig,
  ) {}

  /**
   * By bearer (its own licence, or another of its tenant), or by the licence key alone.
   *
   * Throws 401 without either, 403 `MISSING_SCOPE`, `EMAIL_NOT_VERIFIED`, `LICENSE_SUSPENDED`, `LICENSE_REVOKED`,
   * `LICENSE_EXPIRED` or `KEY_ACTIVATION_NOT_ALLOWED`, 404, 409 `SEATS_EXHAUSTED`, 429, 503 `SEATS_UNAVAILABLE`.
   */
  async execute(actor: Actor, input: Input): Promise<HeldSeat & { policy: PoolPolicy }> {
    const place = await this.placeOf(actor, input);
    this.budget.spend(place.licenseId);
    const byKeyAlone = actor.type === 'anonymous';
    const wish = {
      ...place,
      device: deviceOf(this.config.hardwareKey, place.tenantId, input.hardwareId),
      seatId: newSeatId(),
    };

    const ask = () => this.pool.acquire(wish, byKeyAlone, callerOf(actor));
    const answer = await this.loadPolicy.before(actor, place, ask);
    if (answer.outcome === 'full') throw refuseFull(answer);
    if (answer.outcome === 'blocked') throw refuseBlocked(answer.code);
    if (answer.outcome !== 'held' || !answer.policy)
      throw new Error(`Acquire was answered ${answer.outcome}.`);
    this.budget.learn(place.licenseId, answer.max);
    return { ...this.sessions.held({ ...wish, seatId: answer.seatId }, answer), policy: answer.policy };
  }

  private async placeOf(actor: Actor, input: Input): Promise<Place> {
    if (actor.type !== 'anonymous') {
      actor.must('seats:acquire');
      if (actor.type === 'user') actor.mustHaveVerifiedEmail();
    }
    if (input.licenseKey !== undefined) return this.placeOfKey(actor, input);
    if (actor.type === 'anonymous') throw unauthenticated('neither bearer nor licence key');

    const licenseId = input.licenseId ?? actor.licenseId;
    if (!actor.tenantId || !licenseId) throw notFound('license');
    return { tenantId: actor.tenantId, licenseId };
  }

  private async placeOfKey(actor: Actor, input: Input): Promise<Place> {
    const place = await this.findByKey.execute(actor, input.licenseKey ?? '');
    const elsewhere = actor.tenantId && place?.tenantId !== actor.tenantId;
    if (!place || elsewhere) throw notFound('license');
    if (input.licenseId && input.licenseId !== place.licenseId) {
      throw new DomainError(
        'invalid',
        'LICENSE_MISMATCH',
        'The licence key belongs to another licence than license_id.',
      );
    }
    return place;
  }
}
