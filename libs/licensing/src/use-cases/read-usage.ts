import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, DomainError, idOf, PoolBudget } from '#platform';
import { MeterName } from '../domain/terms.js';
import { MeteredLicenses } from '../quotas/metered-licenses.js';
import { type MeterUsage, meterOf } from '../quotas/meter-usage.js';
import { QuotaRemainders } from '../quotas/quota-remainders.js';
import { ownPlace } from './place.js';

export const ReadUsageInput = z.strictObject({
  /** May be left out where the licence has one meter. */
  meter: MeterName.optional(),
  licenseId: idOf('lic').optional(),
});

/** What is left of a meter. Programs without a bearer hear it with every use, and in their lease. */
@Injectable()
export class ReadUsage {
  constructor(
    private readonly licenses: MeteredLicenses,
    private readonly quotas: QuotaRemainders,
    private readonly budget: PoolBudget,
  ) {}

  /** Throws 403 without `licenses:read`, 404, 422 `METER_UNKNOWN` or `METER_REQUIRED`, 429, 503. */
  async execute(actor: Actor, input: z.output<typeof ReadUsageInput>): Promise<MeterUsage> {
    actor.must('licenses:read');
    const place = ownPlace(actor, input.licenseId);
    this.budget.spend(place, 'usage');
    const license = await this.licenses.read(actor, place);
    const meters = Object.keys(license.meters);
    const meter = input.meter ?? (meters.length === 1 ? meters[0]! : undefined);
    if (meter === undefined) {
      throw new DomainError('invalid', 'METER_REQUIRED', 'Name a meter: the licence has not just one.', {
        details: { meters },
      });
    }
    const [usage] = await this.quotas.usages(license, [{ ...meterOf(license.meters, meter), meter }]);
    return usage!;
  }
}
