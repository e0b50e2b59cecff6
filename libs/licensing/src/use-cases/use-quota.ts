import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, idOf, PoolBudget, unauthenticated } from '#platform';
import { MeterName } from '../domain/terms.js';
import { CountUse, type Proof } from '../quotas/count-use.js';
import type { MeterUsage } from '../quotas/meter-usage.js';
import { SeatInput } from './beat-seat.js';
import { FindLicenseByKey } from './find-license-by-key.js';
import { LicenseKeyInput } from './license-key-input.js';
import { ownPlace, type Place, samePlace } from './place.js';
import { SeatSessions } from './seat-sessions.js';

const AMOUNT_MAX = 1_000_000_000;

export const UseQuotaInput = z
  .strictObject({
    meter: MeterName.meta({ example: 'commands' }),
    amount: z.int().min(1).max(AMOUNT_MAX).default(1),
    /** The same key counts once, for the length of the window and a day at least. */
    idempotencyKey: z
      .string()
      .regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 printable characters without spaces')
      .optional(),
    /** When it was used offline; it is counted for that time, even beyond the limit, and billed as if it were used now. */
    at: z.iso
      .datetime({ offset: true })
      .transform((text) => new Date(text))
      .optional(),
    sessionId: SeatInput.shape.sessionId.optional(),
    licenseKey: LicenseKeyInput.optional(),
    licenseId: idOf('lic').optional(),
  })
  .refine((input) => !input.at || input.idempotencyKey !== undefined, {
    path: ['idempotencyKey'],
    message: 'is needed with at: a report that is repeated must not count twice',
  });

type Input = z.output<typeof UseQuotaInput>;

/** Counts use of a meter, all of the amount or nothing. */
@Injectable()
export class UseQuota {
  constructor(
    private readonly countUse: CountUse,
    private readonly findByKey: FindLicenseByKey,
    private readonly sessions: SeatSessions,
    private readonly budget: PoolBudget,
  ) {}

  /**
   * By the `session_id` of a seat that is held, the licence key where the licence allows that, or a bearer with
   * `seats:acquire`.
   *
   * Throws 401 without any, 403 `MISSING_SCOPE`, `TENANT_MISMATCH`, `KEY_ACTIVATION_NOT_ALLOWED`, `EMAIL_NOT_VERIFIED` or
   * for a blocked licence, 404, 409 `SEAT_NOT_HELD`, 410 `SEAT_GONE`, 422 `METER_UNKNOWN`, `LICENSE_MISMATCH`,
   * `IDEMPOTENCY_KEY_REUSED` or `USE_OUT_OF_RANGE`, 429 `QUOTA_EXHAUSTED` or `RATE_LIMITED`, 503.
   */
  async execute(actor: Actor, input: Input): Promise<MeterUsage> {
    const { place, proof } = await this.placeOf(actor, input);
    this.budget.spend(place, 'usage');
    const { meter, amount, idempotencyKey, at } = input;
    try {
      return await this.countUse.execute(actor, place, { meter, amount, idempotencyKey, at }, proof);
    } catch (refusal) {
      if (await this.findByKey.isRefusedAsMoved(actor, input.licenseKey, place, refusal))
        return this.execute(actor, input);
      throw refusal;
    }
  }

  private async placeOf(actor: Actor, input: Input): Promise<{ place: Place; proof: Proof }> {
    if (actor.type !== 'anonymous') actor.must('seats:acquire');
    const proof: Proof = { seatId: null, byKeyAlone: false };
    if (input.sessionId !== undefined) {
      const { tenantId, licenseId, seatId } = await this.sessions.read(actor, input.sessionId);
      return { place: samePlace({ tenantId, licenseId }, input.licenseId), proof: { ...proof, seatId } };
    }
    if (input.licenseKey !== undefined) {
      const place = samePlace(await this.findByKey.found(actor, input.licenseKey), input.licenseId);
      return { place, proof: { ...proof, byKeyAlone: actor.type === 'anonymous' } };
    }
    if (actor.type === 'anonymous') throw unauthenticated('neither bearer, session id nor licence key');
    return { place: ownPlace(actor, input.licenseId), proof };
  }
}
