import { Injectable } from '@nestjs/common';
import { Actor, Clock } from '#platform';
import type { QuotaRemainder } from '#sdk/formats';
import type { MeterTerms, Terms } from '../domain/terms.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { type MeterUsage, meterUsage } from './meter-usage.js';
import { isLong, type MeterRecord, QuotaCounter, quotasUnavailable, type Reading } from './quota-counter.js';
import { RestoreCounts } from './restore-counts.js';
import { movedWindow, perDayAllowance, windowAt } from './windows.js';

/** Of what licence, by which calendar. */
type Metered = Pick<PoolPolicy, 'tenantId' | 'licenseId' | 'timeZone'>;
type NamedMeter = MeterTerms & { meter: string };

/** Redis may be emptied between a restoration and the next look at it; more often than that is an outage. */
const TRIES = 4;

/** What is left of a licence's meters. One call to Redis when warm, none for a licence without limits; counts nothing. */
@Injectable()
export class QuotaRemainders {
  constructor(
    private readonly counter: QuotaCounter,
    private readonly restoreCounts: RestoreCounts,
    private readonly clock: Clock,
  ) {}

  /** Of every meter, as a lease carries it (C44). Throws 503 `QUOTAS_UNAVAILABLE`. */
  async remainders(policy: Metered & { terms: Pick<Terms, 'meters'> }): Promise<QuotaRemainder[]> {
    const meters = namedMeters(policy.terms.meters);
    const limited = await this.usages(
      policy,
      meters.filter((one) => one.limit !== null),
    );
    return meters.map((terms) => {
      const usage = limited.find((one) => one.meter === terms.meter);
      const resetsAt = usage
        ? (usage.resetsAt?.getTime() ?? null)
        : windowAt(terms.period, policy.timeZone, this.clock.now().getTime()).end;
      const remaining = usage?.remaining ?? null;
      return { meter: terms.meter, remaining, perDayAllowance: perDayAllowance(terms), resetsAt };
    });
  }

  /** Of some meters. Throws 503 `QUOTAS_UNAVAILABLE`. */
  async usages(license: Metered, meters: readonly NamedMeter[]): Promise<MeterUsage[]> {
    if (meters.length === 0) return [];
    const actor = Actor.system(license.tenantId, '');
    for (let tries = 0; tries < TRIES; tries++) {
      const reading = await this.counter.read(license.licenseId, meters);
      const found = meters.map((meter, i) => present(license, meter, reading, reading.records[i] ?? null));
      const lost = meters.filter((_, i) => found[i] === 'lost');
      if (lost.length === 0) return found.filter((one) => one !== 'lost');
      for (const meter of lost) {
        await this.restoreCounts.restore(actor, { ...meter, ...license }, license.timeZone, reading);
      }
    }
    throw quotasUnavailable(new Error('The counters of the licence do not stay in Redis.'));
  }
}

/** By name: jsonb has an order of its own. */
const namedMeters = (meters: Terms['meters']): NamedMeter[] =>
  Object.entries(meters)
    .map(([meter, terms]) => ({ meter, ...terms }))
    .sort((a, b) => (a.meter < b.meter ? -1 : 1));

function present(
  { timeZone }: Metered,
  { meter, period, limit }: NamedMeter,
  { now, since }: Pick<Reading, 'now' | 'since'>,
  record: MeterRecord | 'lost' | null,
): MeterUsage | 'lost' {
  const fresh = windowAt(period, timeZone, now);
  // As in use.lua: what began before these counters did only the ledger can tell.
  if (record === 'lost' || (record === null && (isLong(period) || fresh.start < since))) return 'lost';
  if (record === null) return meterUsage(meter, limit, 0, fresh);
  const isOpen = record.window.end === null || record.window.end > now;
  const used = isOpen ? record.used : 0;
  if (record.zone !== timeZone)
    return meterUsage(meter, limit, used, movedWindow(period, timeZone, record, now));
  return meterUsage(meter, limit, used, isOpen ? record.window : fresh);
}
