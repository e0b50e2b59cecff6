import { ApiError, type ErrorDetails } from '../api/api-error.js';
import type { Usage } from '../api/answers.js';
import type { GatehouseApi, UsageInput } from '../api/gatehouse-api.js';
import { type ClientCrypto, newUuid } from '../crypto/client-crypto.js';
import type { Fallback } from '../formats/lease.js';
import { report, type ReportedUse, seedFromAnswer, settle, spend } from '../offline-quota.js';
import { termsOf } from '../terms.js';
import type { LicenseRecord } from './license-record.js';
import { Turns } from './turns.js';

/** After a server gave no answer, use is counted here for so long before it is asked again, ms. */
const AWAY_MS = 30_000;
/** Use that is older is told to nobody, ms: the server takes it for eight days. */
const REPORTED_MS = 8 * 86_400_000 - 3_600_000;

/** What became of a use. */
export interface UseResult {
  meter: string;
  allowed: boolean;
  /** After it; null: unlimited. */
  remaining: number | null;
  /** Epoch ms by the server's clock; null: it never resets. */
  resetsAt: number | null;
  /** Who counted it: `here` while the server is away, to be told later (C44). */
  countedBy: 'server' | 'here';
}

/** A meter has not enough left. Thrown by what withQuota made. */
export class QuotaExhausted extends Error {
  readonly result: UseResult;

  constructor(result: UseResult) {
    super(`The quota of ${result.meter} is used up.`);
    this.name = 'QuotaExhausted';
    this.result = result;
  }
}

export interface UsageMeterOptions {
  api: GatehouseApi;
  record: LicenseRecord;
  crypto: ClientCrypto;
  now: () => number;
  licenseKey?: string;
  licenseId?: string;
  free?: Fallback;
  /** Something was counted here that the server has to hear of. */
  onPending: () => void;
}

/** Metered use: by the server while it answers, else by the allowance that is left to this machine, told on contact. */
export class UsageMeter {
  private awayUntil = -Infinity;
  private readonly reports = new Turns();

  constructor(private readonly options: UsageMeterOptions) {}

  /**
   * Uses so much of a meter, or nothing when less is left. Throws RangeError for an amount that is no whole number from
   * 1 up, and ApiError 422 for a meter or amount that the server does not know.
   */
  async use(meter: string, amount = 1): Promise<UseResult> {
    if (!Number.isSafeInteger(amount) || amount < 1)
      throw new RangeError(`${amount} is not a whole number from 1 up.`);
    const { state } = this.options.record.state();
    if (state === 'suspended' || state === 'revoked') return nothing(meter);
    const idempotencyKey = newUuid(this.options.crypto);
    if (this.isAway()) return this.useHere(meter, amount, null);
    try {
      await this.reconcile();
      return await this.useThere({ meter, amount, idempotencyKey });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 'QUOTA_EXHAUSTED') return this.refused(meter, error.details);
      if (error.status === 400 || error.status === 422) throw error;
      this.awayUntil = this.options.now() + AWAY_MS;
      // It may have been counted before the answer was lost: the report bears the same key.
      return this.useHere(meter, amount, idempotencyKey);
    }
  }

  /** The server answers again. */
  isBack(): void {
    this.awayUntil = -Infinity;
  }

  /** Tells the server what was used without it. Throws ApiError when it is still away; what was not told is kept. */
  reconcile(): Promise<void> {
    return this.reports.take(async () => {
      const { record, crypto } = this.options;
      if (record.ledger.pending.length === 0) return;
      // The keys are stored before anything is sent, so that a second attempt is not a second use.
      const uses = await record.count((ledger, { now }) => {
        const told = report(ledger, now, () => newUuid(crypto));
        return [told.ledger, told.uses];
      });
      for (const use of uses) await this.tell(use);
    });
  }

  private async tell(use: ReportedUse): Promise<void> {
    const { record } = this.options;
    const { meter, amount, dayEnds, idempotencyKey, isOver } = use;
    const { now } = record.state();
    const settled = () => record.count((ledger) => [settle(ledger, idempotencyKey), undefined]);
    const at = isOver && dayEnds !== null ? dayEnds - 1 : now;
    if (now - at > REPORTED_MS) return settled();
    try {
      // What is left of a day that is over says nothing about today.
      if (isOver) await this.send({ meter, amount, idempotencyKey, at }).then(settled);
      else await this.useThere({ meter, amount, idempotencyKey, at });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 'QUOTA_EXHAUSTED') await this.refused(meter, error.details, idempotencyKey);
      // What it cannot take it will not take later, or has taken already.
      else if (error.status === 400 || error.status === 422) await settled();
      else throw error;
    }
  }

  private async useThere(use: UsageInput & { idempotencyKey: string }): Promise<UseResult> {
    const { meter, idempotencyKey } = use;
    const { remaining, resetsAt } = await this.send(use);
    await this.learn({ meter, remaining, resetsAt, idempotencyKey });
    return { meter, allowed: true, remaining, resetsAt, countedBy: 'server' };
  }

  /** A seat speaks for itself; where none is held, the licence's key or its bearer does. */
  private send(use: UsageInput): Promise<Usage> {
    const { api, record, licenseKey, licenseId } = this.options;
    const { seat, lease } = record.state().keep;
    const hasSeat = record.sessionId !== null && seat?.status === 'held' && lease?.mode !== 'none';
    const who = hasSeat ? { sessionId: record.sessionId ?? '' } : licenseKey ? { licenseKey } : { licenseId };
    return api.recordUsage({ ...use, ...who });
  }

  private async refused(
    meter: string,
    details: ErrorDetails | null,
    idempotencyKey?: string,
  ): Promise<UseResult> {
    const told = details ?? {};
    const remaining = typeof told['remaining'] === 'number' ? told['remaining'] : 0;
    const at = typeof told['resetsAt'] === 'string' ? Date.parse(told['resetsAt']) : NaN;
    const resetsAt = Number.isNaN(at) ? null : at;
    await this.learn({ meter, remaining, resetsAt, idempotencyKey });
    return { meter, allowed: false, remaining, resetsAt, countedBy: 'server' };
  }

  private learn(answer: Parameters<typeof seedFromAnswer>[1]): Promise<void> {
    return this.options.record.count((ledger, { now }) => [seedFromAnswer(ledger, answer, now), undefined]);
  }

  private async useHere(meter: string, amount: number, idempotencyKey: string | null): Promise<UseResult> {
    const { record, onPending } = this.options;
    const result = await record.count<UseResult>((ledger, state) => {
      // With a clock that was set back every day could be today again.
      if (state.state === 'clock_tampered') return [ledger, nothing(meter)];
      const terms = termsOf(state, this.options.free);
      const spent = spend(ledger, terms, meter, amount, state.now, idempotencyKey);
      const { allowed, remaining, resetsAt } = spent;
      return [spent.ledger, { meter, allowed, remaining, resetsAt, countedBy: 'here' }];
    });
    if (result.allowed) onPending();
    return result;
  }

  /** A clock that was set back must not make it longer. */
  private isAway(): boolean {
    const left = this.awayUntil - this.options.now();
    return left > 0 && left <= AWAY_MS;
  }
}

const nothing = (meter: string): UseResult => ({
  meter,
  allowed: false,
  remaining: 0,
  resetsAt: null,
  countedBy: 'here',
});
