import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, idOf, PoolBudget, unauthenticated } from '#platform';
import { blockOf } from '../domain/block.js';
import { whyNotByKey } from '../domain/key-alone.js';
import { checkInDueAt } from '../domain/license-term.js';
import { Licenses } from '../persistence/licenses.js';
import { FindLicenseByKey } from './find-license-by-key.js';
import { programOf } from './begin-term.js';
import { LoadPoolPolicy } from './load-pool-policy.js';
import { LicenseKeyInput } from './license-key-input.js';
import { ownPlace, type Place } from './place.js';
import { refuseBlocked } from './seat-answers.js';

export const CheckInInput = z
  .strictObject({ licenseId: idOf('lic').optional(), licenseKey: LicenseKeyInput.optional() })
  .refine(
    ({ licenseId, licenseKey }) => licenseId === undefined || licenseKey === undefined,
    'say either license_id or license_key',
  );

export interface CheckedIn {
  checkedInAt: Date;
  dueAt: Date;
}

/** So often, in ms, a check-in is written; one that follows sooner is the same. */
const ONCE_MS = 60_000;

/** A licence that must show itself now and then does so. */
@Injectable()
export class CheckInLicense {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly findByKey: FindLicenseByKey,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly budget: PoolBudget,
    private readonly clock: Clock,
  ) {}

  /**
   * By bearer (its own licence, or another of its tenant), or by the key alone where the licence allows that.
   *
   * Throws 401 without either, 403 `MISSING_SCOPE`, `LICENSE_SUSPENDED`, `LICENSE_REVOKED`,
   * `EMAIL_NOT_VERIFIED` or `KEY_ACTIVATION_NOT_ALLOWED`, 404, 409 `CHECK_IN_NOT_NEEDED`, 429.
   */
  async execute(actor: Actor, input: z.output<typeof CheckInInput>): Promise<CheckedIn> {
    const place = await this.placeOf(actor, input);
    this.budget.spend(place, 'validate');
    const owner = programOf(actor, place);
    const done = await this.db.transaction(owner, () => this.checkIn(actor, place));
    if (done === 'transferred') {
      if (await this.findByKey.hasMoved(actor, input.licenseKey, place)) return this.execute(actor, input);
      throw refuseBlocked('TRANSFERRED');
    }
    await this.loadPolicy.execute(owner, place).catch(() => undefined);
    return done;
  }

  private async checkIn(actor: Actor, { licenseId }: Place): Promise<CheckedIn | 'transferred'> {
    const { license, row } = await this.licenses.lockWithRow(licenseId);
    const now = this.clock.now();
    const blocked = blockOf(row);
    const facts = { isHolderUnproved: row.unprovedHolder !== null, terms: row.terms };
    const keyRefusal = actor.type === 'anonymous' ? whyNotByKey(facts) : null;
    if (blocked === 'TRANSFERRED') return 'transferred';
    if (blocked) throw refuseBlocked(blocked);
    if (keyRefusal) throw refuseBlocked(keyRefusal);
    const last = license.checkedInAt;
    if (!last || row.terms.checkInDays === null || now.getTime() - last.getTime() >= ONCE_MS) {
      license.checkIn(row.terms, now);
      await this.licenses.save(license);
    }
    const checkedInAt = license.checkedInAt!;
    return { checkedInAt, dueAt: checkInDueAt({ ...row, checkedInAt }, row.terms)! };
  }

  private async placeOf(
    actor: Actor,
    { licenseKey, licenseId }: z.output<typeof CheckInInput>,
  ): Promise<Place> {
    if (actor.type !== 'anonymous') actor.must('seats:acquire');
    if (licenseKey !== undefined) return this.findByKey.found(actor, licenseKey);
    if (actor.type === 'anonymous') throw unauthenticated('neither bearer nor licence key');
    return ownPlace(actor, licenseId);
  }
}
