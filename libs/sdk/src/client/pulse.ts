import { ApiError } from '../api/api-error.js';
import type { LeaseState } from '../lease-state.js';
import type { Emitter } from './emitter.js';
import type { LicenseEvents } from './events.js';
import type { LicenseRecord } from './license-record.js';
import { beatIn, LONGEST_WAIT_MS, renewAt, retryIn } from './pace.js';
import type { ClientTime } from './platform.js';
import type { SeatKeeper } from './seat-keeper.js';
import { Turns } from './turns.js';
import type { UsageMeter } from './usage-meter.js';

export interface PulseOptions {
  time: ClientTime;
  record: LicenseRecord;
  keeper: SeatKeeper;
  usage: UsageMeter;
  events: Emitter<LicenseEvents>;
}

/** When the server is talked to, and what the program hears of it. One exchange at a time. */
export class Pulse {
  /** Failures in a row. */
  failures = 0;
  /** By this machine's clock; null: none since the start. */
  lastContactAt: number | null = null;
  /** Why the last exchange came to nothing. */
  trouble: ApiError | null = null;
  private isBeating = false;
  private isEnded = false;
  private waiting = 0;
  private announced: LeaseState;
  private readonly spread: number;
  private readonly turns = new Turns();
  private readonly stop = new AbortController();
  private cancelPulse: (() => void) | null = null;
  private cancelLook: (() => void) | null = null;

  constructor(private readonly options: PulseOptions) {
    this.spread = options.time.random();
    this.announced = options.record.state();
  }

  /** From now on every exchange is followed by the next, in the background. */
  begin(): void {
    this.isBeating = true;
  }

  /** Ends the background; then `last`, once nothing is under way. */
  end(last: () => Promise<void>): Promise<void> {
    this.isEnded = true;
    this.cancelPulse?.();
    this.cancelLook?.();
    this.stop.abort();
    return this.turns.take(last);
  }

  /** Takes a seat or renews its lease. Throws ApiError. */
  acquire(): Promise<void> {
    return this.turns.take(() => this.exchange(() => this.options.keeper.acquire()));
  }

  /** Runs work alone, with nothing else under way. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.turns.take(work);
  }

  /** While somebody waits for a seat, he alone asks for it. */
  async whileWaiting(wait: () => Promise<void>): Promise<void> {
    this.waiting += 1;
    try {
      await wait();
    } finally {
      this.waiting -= 1;
    }
  }

  /** Use was counted here: it is told at the pace of heartbeats, also where there are none. */
  hasNews(): void {
    const { record, keeper, time } = this.options;
    if (record.currentLease?.mode === 'none') this.beatAgain(beatIn(keeper.intervalSeconds, time.random()));
  }

  private async exchange(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      await this.succeeded();
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      this.announce();
    }
  }

  private async succeeded(): Promise<void> {
    const { failures } = this;
    const { time, events, usage } = this.options;
    this.failures = 0;
    this.trouble = null;
    this.lastContactAt = time.now();
    if (failures > 0) events.emit('recovered', { failures });
    usage.isBack();
    await usage.reconcile().catch(() => undefined);
    this.beatAgain(this.nextBeatIn());
  }

  private failed(error: unknown): void {
    if (this.isEnded) return;
    const { time, keeper, events } = this.options;
    this.failures += 1;
    if (!(error instanceof ApiError)) {
      const nextInMs = beatIn(keeper.intervalSeconds, time.random());
      this.beatAgain(nextInMs);
      const message = 'The licence client failed.';
      events.emit('warning', { code: 'FAULT', message, refusal: null, nextInMs, cause: error });
      return;
    }
    this.trouble = error;
    const { isUnreachable, code: refusal, message, retryAfterSeconds } = error;
    // A refusal will be the same a moment later, unless it says otherwise.
    const attempts = isUnreachable || retryAfterSeconds !== null ? this.failures : Infinity;
    const nextInMs = retryIn(attempts, keeper.intervalSeconds, retryAfterSeconds, time.random());
    this.beatAgain(nextInMs);
    const code = isUnreachable ? 'UNREACHABLE' : 'REFUSED';
    events.emit('warning', { code, message, refusal, nextInMs, cause: error });
  }

  private beatAgain(ms: number): void {
    this.cancelPulse?.();
    if (this.isEnded || !this.isBeating) return;
    this.cancelPulse = this.options.time.after(Math.min(ms, LONGEST_WAIT_MS), () => {
      // What went wrong has been announced.
      void this.turns.take(() => this.beat()).catch(() => undefined);
    });
  }

  private async beat(): Promise<void> {
    if (this.isEnded) return;
    const { record, keeper, usage } = this.options;
    const { sessionId } = record;
    const { keep } = record.state();
    const isHeld = sessionId !== null && keep.seat?.status === 'held';
    if (this.waiting > 0) {
      this.beatAgain(this.nextBeatIn());
    } else if (isHeld && keep.lease?.mode === 'none' && this.renewsIn() > 0) {
      if (record.ledger.pending.length > 0) await this.exchange(() => usage.reconcile());
      else this.beatAgain(this.nextBeatIn());
    } else if (!isHeld || this.renewsIn() <= 0) {
      await this.exchange(() => keeper.acquire());
    } else {
      await this.exchange(() => this.beatOrReplace(sessionId));
    }
  }

  /** A seat whose key was compromised, or that was freed, is replaced at once if there is another. */
  private async beatOrReplace(sessionId: string): Promise<void> {
    const { keeper } = this.options;
    try {
      await keeper.beat(sessionId, { signal: this.stop.signal });
    } catch (error) {
      const isOver = error instanceof ApiError && (error.status === 401 || error.code === 'SEAT_GONE');
      if (!isOver || this.isEnded) throw error;
      this.announce();
      await keeper.acquire();
    }
  }

  /** Milliseconds until another lease is wanted. */
  private renewsIn(): number {
    const { record, keeper, time } = this.options;
    const { state, now, keep } = record.state();
    if (state !== 'fresh' || !keep.lease) return Math.max(0, keeper.noLeaseBefore - time.now());
    return Math.max(0, renewAt(keep.lease, this.spread) - now);
  }

  private nextBeatIn(): number {
    const { record, keeper, time } = this.options;
    const { state, keep } = record.state();
    const beat = beatIn(keeper.intervalSeconds, time.random());
    if (state !== 'fresh') return beat;
    const renewal = Math.max(1000, this.renewsIn());
    const isQuiet = keep.lease?.mode === 'none' && record.ledger.pending.length === 0;
    return isQuiet ? renewal : Math.min(beat, renewal);
  }

  /** Says when the state is another one than last time, and looks again when it will be. */
  private announce(): void {
    const { record, events, time } = this.options;
    const to = record.state();
    const from = this.announced;
    this.announced = to;
    if (from.state !== to.state || from.reason !== to.reason) events.emit('state', { from, to });
    this.cancelLook?.();
    if (this.isEnded || !this.isBeating) return;
    const ms = Math.min(to.leftMs ?? LONGEST_WAIT_MS, LONGEST_WAIT_MS);
    this.cancelLook = time.after(ms, () => void this.look());
  }

  private async look(): Promise<void> {
    await this.options.record.apply(null);
    if (!this.isEnded) this.announce();
  }
}
