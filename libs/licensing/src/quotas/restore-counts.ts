import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { type KeyedUse, UsageLedger } from '../persistence/usage-ledger.js';
import { Flights } from './flights.js';
import { type OfMeter, QuotaCounter, type UseWish } from './quota-counter.js';
import { type Period, windowAt } from './windows.js';

/** The ledger is asked for no older windows than this, in ms; what resets once a year may have begun a year ago. */
const LOOK_BACK_MS = 400 * 86_400_000;

/**
 * Brings back what Redis has lost, before anything is granted: a window that began before its counters did is read from
 * the ledger, once. So no more is granted twice than what had not reached the ledger when Redis was emptied.
 */
@Injectable()
export class RestoreCounts {
  private readonly flights = new Flights();

  constructor(
    private readonly counter: QuotaCounter,
    private readonly ledger: UsageLedger,
  ) {}

  async restore(
    actor: Actor,
    { licenseId, meter, period }: OfMeter,
    zone: string,
    { counters, now }: { counters: string; now: number },
  ): Promise<void> {
    const ofMeter = { licenseId, meter, period };
    await this.flights.join(`${counters} ${licenseId} ${meter} ${period}`, async () => {
      const latest = await this.ledger.latest(actor, ofMeter, notBefore(period, now));
      const isOpen = latest && (latest.window.end === null || latest.window.end > now);
      const found = isOpen ? latest : { window: windowAt(period, zone, now), zone, used: 0 };
      await this.counter.restore(ofMeter, counters, found);
    });
  }

  /** What a key was answered before; null: it is new. */
  async keyOf(
    actor: Actor,
    { licenseId, idempotencyKey }: Pick<UseWish, 'licenseId' | 'idempotencyKey'>,
    counters: string,
  ): Promise<KeyedUse | null> {
    const hasKeys = await this.flights.join(`${counters} ${licenseId}`, async () => {
      const has = await this.ledger.hasKeys(actor, licenseId);
      if (!has) await this.counter.noteNoKeys(licenseId, counters);
      return has;
    });
    return hasKeys ? this.ledger.byKey(actor, licenseId, idempotencyKey ?? '') : null;
  }
}

const notBefore = (period: Period, now: number) => (period === 'forever' ? 0 : now - LOOK_BACK_MS);
