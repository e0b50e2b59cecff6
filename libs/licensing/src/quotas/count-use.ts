import { Injectable } from '@nestjs/common';
import { type Actor, Clock, DomainError, newId, notFound } from '#platform';
import { type KeyedUse, UsageLedger } from '../persistence/usage-ledger.js';
import type { Place } from '../use-cases/place.js';
import { callerOf, refuseBlocked } from '../use-cases/seat-answers.js';
import { type MeteredLicense, MeteredLicenses } from './metered-licenses.js';
import { type MeterUsage, meterOf, meterUsage, quotaExhausted } from './meter-usage.js';
import {
  type Belief,
  QuotaCounter,
  quotasUnavailable,
  type UseAnswer,
  type UseWish,
} from './quota-counter.js';
import { RestoreCounts } from './restore-counts.js';
import { movedWindow, type Window, windowAt } from './windows.js';

export interface Use {
  meter: string;
  amount: number;
  idempotencyKey?: string | undefined;
  /** It has happened then: it is counted even beyond the limit. */
  at?: Date | undefined;
}

/** What gives the caller the right to count on a licence. */
export interface Proof {
  /** The seat that must be held. */
  seatId: string | null;
  /** Nothing but the licence key. */
  byKeyAlone: boolean;
}

/** A policy, a window and Redis may each change between two questions; more often than that is an outage. */
const TRIES = 12;

/** Counts a use of a meter, or refuses it, in one call of a script when warm. */
@Injectable()
export class CountUse {
  constructor(
    private readonly counter: QuotaCounter,
    private readonly licenses: MeteredLicenses,
    private readonly ledger: UsageLedger,
    private readonly restoreCounts: RestoreCounts,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws 403 for a blocked licence, 404, 409 `SEAT_NOT_HELD`, 422 `METER_UNKNOWN`, `IDEMPOTENCY_KEY_REUSED` or
   * `USE_OUT_OF_RANGE`, 429 `QUOTA_EXHAUSTED`, 503.
   */
  async execute(caller: Actor, place: Place, use: Use, proof: Proof): Promise<MeterUsage> {
    const actor = caller.as({ tenantId: place.tenantId });
    let known = this.licenses.recall(place);
    let isFresh = false;
    let now = this.clock.now().getTime();
    let isKeyNew = false;
    let planned: Pick<Belief, 'window' | 'from'> | null = null;

    for (let tries = 0; tries < TRIES; tries++) {
      if (!known) [known, isFresh] = [await this.licenses.read(actor, place), true];
      let wish: UseWish;
      try {
        wish = wishOf(actor, known, use, proof);
      } catch (refusal) {
        // What is remembered may be old; nobody is refused for that.
        if (isFresh) throw refusal;
        known = null;
        continue;
      }
      const { timeZone: zone } = known;
      const window = planned?.window ?? windowAt(wish.period, zone, now);
      const answer = await this.counter.use(wish, {
        ...{ zone, window, from: planned?.from ?? '' },
        // The ledger is asked for the key of what is billed whenever it counts.
        isKeyNew: isKeyNew || wish.mode === 'look',
      });
      planned = null;
      switch (answer.outcome) {
        case 'cold':
          known = await this.licenses.load(actor, place, new Date(answer.now));
          [isFresh, now] = [true, answer.now];
          break;
        case 'stale':
          if (answer.policy.tenantId !== place.tenantId) throw notFound('license');
          [known, isFresh, now] = [this.licenses.learn(answer.policy, answer.stamp), true, answer.now];
          break;
        case 'window':
          now = answer.now;
          break;
        case 'moved':
          now = answer.now;
          planned = { window: movedWindow(wish.period, zone, answer.was, now), from: answer.from };
          break;
        case 'restore':
          await this.restoreCounts.restore(actor, wish, zone, answer);
          break;
        case 'ask': {
          const before = await this.restoreCounts.keyOf(actor, wish, answer.counters);
          if (before) return again(use, before);
          isKeyNew = true;
          break;
        }
        default:
          return this.settle(actor, known, wish, answer);
      }
    }
    throw quotasUnavailable(new Error('The counters of the licence do not stay in Redis.'));
  }

  private async settle(
    actor: Actor,
    license: MeteredLicense,
    wish: UseWish,
    answer: Exclude<UseAnswer, { outcome: 'cold' | 'stale' | 'window' | 'moved' | 'restore' | 'ask' }>,
  ): Promise<MeterUsage> {
    const { meter, limit } = wish;
    switch (answer.outcome) {
      case 'counted':
        return meterUsage(meter, limit, answer.used, answer.window);
      case 'exhausted':
        throw quotaExhausted(meterUsage(meter, limit, answer.used, answer.window), answer.now);
      case 'replay':
        return meterUsage(meter, answer.limit, answer.used, answer.window);
      case 'look':
        return this.countInPostgres(actor, license, wish, answer);
      case 'past': {
        const past = windowAt(wish.period, license.timeZone, wish.at ?? 0);
        const end = Math.min(past.end ?? answer.start, answer.start);
        return this.countInPostgres(actor, license, wish, { now: answer.now, window: { ...past, end } });
      }
      case 'blocked':
        throw refuseBlocked(answer.code);
      case 'reused':
        throw keyReused();
      case 'seat':
        throw new DomainError(
          'conflict',
          'SEAT_NOT_HELD',
          'The seat is not held now; beat or acquire first.',
        );
      case 'range':
        throw new DomainError(
          'invalid',
          'USE_OUT_OF_RANGE',
          'Use is told of the last 8 days, not of the future.',
        );
    }
  }

  /** What is billed, and what is told of a window that is over: the ledger decides, Redis follows. */
  private async countInPostgres(
    actor: Actor,
    { timeZone }: MeteredLicense,
    wish: UseWish,
    { now, window }: { now: number; window: Window },
  ): Promise<MeterUsage> {
    const { licenseId, meter, period, amount, limit } = wish;
    const isTold = wish.at !== null;
    const idempotencyKey = wish.idempotencyKey ?? newId('use');
    const result = await this.ledger.count(actor, {
      ...{ licenseId, meter, period, amount, limit, window, idempotencyKey, isTold },
      zone: timeZone,
      at: now,
      // By our time, whatever `at` says: what lies in a period that is invoiced already, nobody would ever pay for.
      isBilled: wish.mode === 'look',
    });
    if (result.outcome === 'known') return again({ meter, amount }, result.known);
    const usage = meterUsage(meter, limit, result.used, window);
    // It is decided, whether or not Redis hears of it: the next use tells it again.
    await this.tellRedis(wish, { timeZone, window }, result).catch(() => undefined);
    if (result.outcome === 'exhausted') throw quotaExhausted(usage, now);
    return usage;
  }

  private async tellRedis(
    wish: UseWish,
    { timeZone: zone, window }: { timeZone: string; window: Window },
    { outcome, used }: { outcome: 'counted' | 'exhausted'; used: number },
  ): Promise<void> {
    await this.counter.settle(wish, window.start, used);
    if (outcome === 'exhausted')
      await this.counter.use({ ...wish, mode: 'refused' }, { zone, window, from: '', isKeyNew: true });
  }
}

/** What the script is asked. Throws what `license` alone refuses. */
function wishOf(actor: Actor, license: MeteredLicense, use: Use, proof: Proof): UseWish {
  if (license.blocked) throw refuseBlocked(license.blocked);
  if (proof.byKeyAlone && license.keyRefusal) throw refuseBlocked(license.keyRefusal);
  // Who holds a seat was asked when it was acquired.
  const isNamed = proof.seatId !== null || (license.namedUsers?.includes(actor.id ?? '') ?? true);
  if (!isNamed) throw refuseBlocked('NOT_NAMED');
  const { limit, period, billed } = meterOf(license.meters, use.meter);
  return {
    tenantId: license.tenantId,
    licenseId: license.licenseId,
    meter: use.meter,
    amount: use.amount,
    period,
    limit,
    mode: billed ? 'look' : use.at ? 'told' : 'ask',
    at: use.at?.getTime() ?? null,
    idempotencyKey: use.idempotencyKey ?? null,
    stamp: license.stamp,
    expires: license.expires,
    seatId: proof.seatId,
    caller: callerOf(actor),
  };
}

/** The answer that was given to this key before. */
function again({ meter, amount }: Pick<Use, 'meter' | 'amount'>, before: KeyedUse): MeterUsage {
  if (before.meter !== meter || before.amount !== amount) throw keyReused();
  return meterUsage(meter, before.limit, before.used, before.window);
}

const keyReused = () =>
  new DomainError(
    'invalid',
    'IDEMPOTENCY_KEY_REUSED',
    'This idempotency_key was used for another use; take a new one.',
  );
