import { InvalidDocument } from '../formats/invalid-document.js';
import type { Lease } from '../formats/lease.js';
import { type Answer, leaseState, type LeaseState } from '../lease-state.js';
import { EMPTY_LEDGER, seedFromLease, type UsageLedger } from '../offline-quota.js';
import type { OfflineState } from '../offline-state.js';
import type { KeyRing } from './key-ring.js';
import type { Store } from './platform.js';
import { Turns } from './turns.js';

const NOTHING: OfflineState = {
  leaseToken: null,
  keySets: [],
  clockOffset: 0,
  highWater: 0,
  seat: null,
  sessionId: null,
  ledger: EMPTY_LEDGER,
};

export interface LicenseRecordOptions {
  store: Store<OfflineState>;
  keys: KeyRing;
  device: string;
  now: () => number;
  /** What could not be written is kept in memory; the program goes on. */
  onNotSaved: (error: unknown) => void;
}

/**
 * What is remembered of the licence, and what it comes to: every answer is put through leaseState on top of what the
 * file says at that moment, so that processes which share it share what they learn.
 */
export class LicenseRecord {
  private memory: OfflineState = NOTHING;
  private lease: { text: string; lease: Lease | null } | null = null;
  /** What is in memory is newer than the file, which could not be written. */
  private isUnsaved = false;
  private readonly turns = new Turns();

  constructor(private readonly options: LicenseRecordOptions) {}

  /** Reads the file. What cannot be read counts as absent. */
  async load(): Promise<void> {
    const kept = await this.options.store.read().catch((error: unknown) => {
      this.options.onNotSaved(error);
      return null;
    });
    this.memory = kept ?? NOTHING;
    await this.options.keys.open(this.memory.keySets, this.memory.leaseToken);
    await this.verified(this.memory.leaseToken);
  }

  get sessionId(): string | null {
    return this.memory.sessionId;
  }

  get ledger(): UsageLedger {
    return this.memory.ledger;
  }

  /** The verified lease; null: none, or none that is believed. */
  get currentLease(): Lease | null {
    return this.lease?.text === this.memory.leaseToken ? this.lease.lease : null;
  }

  /** What the licence comes to at this moment, from memory. */
  state(): LeaseState {
    return this.judge(this.memory, this.currentLease, null);
  }

  /** Takes an answer in; null: time has passed. `token`: the answer's lease as it came; `sessionId`: the seat it gave. */
  apply(
    answer: Answer | null,
    { token, sessionId }: { token?: string; sessionId?: string | null } = {},
  ): Promise<LeaseState> {
    return this.change(async (current) => {
      const lease = await this.verified(current.leaseToken);
      const result = this.judge(current, lease, answer);
      const isTaken = result.taken && answer?.kind === 'lease';
      const { seat, offset, highWater } = result.keep;
      const next: OfflineState = {
        ...current,
        clockOffset: offset,
        highWater,
        seat,
        keySets: this.options.keys.current?.documents ?? current.keySets,
        sessionId: sessionId === undefined ? current.sessionId : sessionId,
        ...(isTaken && {
          leaseToken: token ?? current.leaseToken,
          ledger: seedFromLease(current.ledger, answer.lease),
        }),
      };
      return [next, result];
    });
  }

  /** Judges the kept lease anew, after other keys were learned. */
  async reconsider(): Promise<LeaseState> {
    this.lease = null;
    return this.apply(null);
  }

  /** Changes the counters of use; `change` gives the new ones and what it found. */
  count<R>(change: (ledger: UsageLedger, state: LeaseState) => [UsageLedger, R]): Promise<R> {
    return this.change(async (current) => {
      const state = this.judge(current, await this.verified(current.leaseToken), null);
      const [ledger, result] = change(current.ledger, state);
      return [{ ...current, ledger, highWater: state.keep.highWater }, result];
    });
  }

  private judge(current: OfflineState, lease: Lease | null, answer: Answer | null): LeaseState {
    const time = { wall: this.options.now(), offset: current.clockOffset, highWater: current.highWater };
    return leaseState({ lease, time, seat: current.seat, answer });
  }

  private change<R>(work: (current: OfflineState) => Promise<[OfflineState, R]>): Promise<R> {
    return this.turns.take(async () => {
      let outcome: [OfflineState, R] | null = null;
      const run = async (kept: OfflineState | null) => {
        outcome = await work(this.isUnsaved ? this.memory : (kept ?? this.memory));
        return outcome[0];
      };
      try {
        await this.options.store.update(run);
        this.isUnsaved = false;
      } catch (error) {
        if (outcome === null) await run(null);
        this.isUnsaved = true;
        this.options.onNotSaved(error);
      }
      const [next, result] = outcome as unknown as [OfflineState, R];
      this.memory = next;
      await this.verified(next.leaseToken);
      return result;
    });
  }

  private async verified(text: string | null): Promise<Lease | null> {
    if (text === null) return null;
    if (this.lease?.text !== text) {
      const { keys, device } = this.options;
      const lease = await keys.verifyKnown(text, { device }).catch((error: unknown) => {
        if (error instanceof InvalidDocument) return null;
        throw error;
      });
      this.lease = { text, lease };
    }
    return this.lease.lease;
  }
}
