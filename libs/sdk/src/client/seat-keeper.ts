import { ApiError } from '../api/api-error.js';
import type { Beat } from '../api/answers.js';
import type { CallOptions } from '../api/caller.js';
import type { GatehouseApi } from '../api/gatehouse-api.js';
import { type ClientCrypto, newUuid } from '../crypto/client-crypto.js';
import { InvalidDocument } from '../formats/invalid-document.js';
import type { Emitter } from './emitter.js';
import type { LicenseEvents } from './events.js';
import type { KeyRing } from './key-ring.js';
import type { LicenseRecord } from './license-record.js';
import { DEFAULT_INTERVAL_S } from './pace.js';

/** Keys are looked at again with a lease when this much time has passed, ms: a compromise has to get around. */
const KEYS_EVERY_MS = 12 * 3_600_000;
/** A server that gave no lease that could be believed is not asked for another before this is over, ms. */
const NO_LEASE_MS = 3_600_000;

export interface SeatKeeperOptions {
  api: GatehouseApi;
  record: LicenseRecord;
  keys: KeyRing;
  crypto: ClientCrypto;
  events: Emitter<LicenseEvents>;
  now: () => number;
  hardwareId: string;
  device: string;
  licenseKey?: string;
  licenseId?: string;
  /** Whether there is a bearer for what the key alone may not do. */
  hasBearer: boolean;
  /** Answers can only be checked once keys are known. */
  needsKeysFirst: boolean;
}

/** The exchanges about a seat, and what each of their answers means. One at a time; no timers here. */
export class SeatKeeper {
  /** As the server told last. */
  intervalSeconds = DEFAULT_INTERVAL_S;
  /** Before then, epoch ms by our clock, it makes no sense to ask for a lease. */
  noLeaseBefore = 0;
  private seats: Beat['seats'] | null = null;
  private place: number | null = null;
  private keysAt = -Infinity;

  constructor(private readonly options: SeatKeeperOptions) {}

  /** As the server told last; null: nothing yet. */
  get taken(): Beat['seats'] | null {
    return this.seats;
  }

  /** In the queue for a seat, 1 is next; null: there is none. */
  get position(): number | null {
    return this.place;
  }

  /** Takes a seat, or renews the lease of the one held. Throws ApiError, after the record has taken it in. */
  async acquire(): Promise<void> {
    const { record, events } = this.options;
    const wasHeld = record.state().keep.seat?.status === 'held';
    const before = record.sessionId;
    if (this.options.needsKeysFirst && this.options.keys.current === null) await this.refreshKeys();
    const seat = await this.understood(() => this.ask());
    this.place = null;
    this.hear(seat);
    const held = { kind: 'seat' as const, expiresAt: seat.expiresAt };
    await record.apply(held, { sessionId: seat.sessionId });
    await this.refreshKeys();
    const isTaken = await this.takeLease(seat.lease);
    // The lease may be a minute old, and then names an earlier end of the seat.
    await record.apply(held);
    this.noLeaseBefore = isTaken ? 0 : this.options.now() + NO_LEASE_MS;
    if (!wasHeld || before !== seat.sessionId)
      events.emit('seat', { sessionId: seat.sessionId, expiresAt: seat.expiresAt, seats: seat.seats });
  }

  /** Keeps the seat. Throws ApiError, after the record has taken it in. */
  async beat(sessionId: string, call: CallOptions = {}): Promise<void> {
    const { api, record } = this.options;
    const beat = await this.understood(() => api.heartbeat(sessionId, call));
    this.hear(beat);
    await record.apply({ kind: 'seat', expiresAt: beat.expiresAt });
    if (beat.lease !== null) await this.takeLease(beat.lease);
  }

  /** Gives the seat back; false: the server did not answer, and the seat lapses by itself. */
  async release(call: CallOptions): Promise<boolean> {
    const { api, record } = this.options;
    const { sessionId } = record;
    if (sessionId === null) return true;
    try {
      await api.release(sessionId, call);
    } catch (error) {
      // Whatever it refuses, this id holds nothing any more.
      if (!(error instanceof ApiError) || error.isUnreachable) return false;
    }
    await record.apply({ kind: 'released' }, { sessionId: null });
    return true;
  }

  private async ask() {
    const { api, hardwareId, licenseKey, licenseId, hasBearer } = this.options;
    const input = { hardwareId, licenseKey, licenseId };
    try {
      return await api.acquire(input);
    } catch (error) {
      const needsPerson = error instanceof ApiError && error.code === 'KEY_ACTIVATION_NOT_ALLOWED';
      if (!needsPerson || !hasBearer || licenseKey === undefined) throw error;
      return api.acquire(input, { withBearer: true });
    }
  }

  private hear(beat: Beat): void {
    this.intervalSeconds = beat.heartbeatIntervalSeconds;
    this.seats = beat.seats;
  }

  private async understood<T>(exchange: () => Promise<T>): Promise<T> {
    try {
      return await exchange();
    } catch (error) {
      if (error instanceof ApiError) await this.takeRefusal(error);
      throw error;
    }
  }

  private async takeRefusal(refusal: ApiError): Promise<void> {
    const { record, events } = this.options;
    const { status, code, message } = refusal;
    if (code === 'SEATS_EXHAUSTED') this.place = placeOf(refusal);
    const wasLost = record.state().keep.seat?.status === 'lost';
    const { keep } = await record.apply({ kind: 'http', status, code });
    if (keep.seat?.status === 'lost' && !wasLost) events.emit('seat-lost', { code, message });
    if (status === 403 && code.startsWith('LICENSE_')) await this.hearSignedWord(refusal);
  }

  /** A 403 is nobody's word; a lease that says suspended or revoked is the issuer's. */
  private async hearSignedWord(refusal: ApiError): Promise<void> {
    const { api, crypto, licenseKey, hardwareId } = this.options;
    const told = refusal.details?.['lease'];
    if (typeof told === 'string') {
      await this.takeLease(told);
    } else if (licenseKey !== undefined) {
      const nonce = newUuid(crypto);
      const verdict = await api.validate({ licenseKey, hardwareId, nonce }).catch(() => null);
      if (verdict?.nonce === nonce && verdict.lease !== null) await this.takeLease(verdict.lease);
    }
  }

  private async takeLease(text: string | null): Promise<boolean> {
    const { keys, record, device, events } = this.options;
    const warn = (code: 'NO_LEASE' | 'LEASE_REFUSED' | 'NO_TRUSTED_KEYS', message: string, cause?: unknown) =>
      events.emit('warning', { code, message, refusal: null, nextInMs: null, cause });
    if (text === null) {
      warn('NO_LEASE', 'The server gave a seat and no lease: without one this program runs on Free.');
      return false;
    }
    try {
      const lease = await keys.verify(text, { device });
      await record.apply({ kind: 'lease', lease, live: true }, { token: text });
      return true;
    } catch (error) {
      if (!(error instanceof InvalidDocument)) throw error;
      if (keys.current === null)
        warn('NO_TRUSTED_KEYS', 'No key of this server is trusted, so its leases are not believed.', error);
      else warn('LEASE_REFUSED', `A lease was refused (${error.code}): ${error.message}`, error);
      return false;
    }
  }

  /** Without its keys an issuer's warnings do not get here; a server that has none to tell is none the worse. */
  private async refreshKeys(): Promise<void> {
    const { keys, record, now } = this.options;
    if (keys.current !== null && now() - this.keysAt < KEYS_EVERY_MS && now() >= this.keysAt) return;
    const hasLearned = await keys.learn().catch((error: unknown) => {
      if (error instanceof ApiError) return null;
      throw error;
    });
    if (hasLearned === null) return;
    this.keysAt = now();
    if (hasLearned) await record.reconsider();
  }
}

/** The device's place in the queue, where the policy keeps one. */
function placeOf({ details }: ApiError): number | null {
  const { position } = (details?.['queue'] ?? {}) as { position?: unknown };
  return typeof position === 'number' ? position : null;
}
