import {
  asObject,
  type Claims,
  has,
  parseObject,
  readCount,
  readInstant,
  readList,
  readNullable,
  readOneOf,
  readText,
  readTexts,
  toInstant,
} from './formats/claims.js';
import { InvalidDocument } from './formats/invalid-document.js';
import { KEY_SET_MAX_LENGTH } from './formats/key-set.js';
import { LEASE_MAX_LENGTH } from './formats/lease.js';
import type { SeatKnowledge } from './lease-state.js';
import type { MeterSeed, PendingUse, UsageLedger } from './offline-quota.js';

/**
 * All that a client remembers between two runs. The lease and the key sets are kept as signed tokens and are verified
 * anew at every start; the rest is what leaseState and the ledger asked to keep.
 */
export interface OfflineState {
  leaseToken: string | null;
  /** KeyTrust.documents. */
  keySets: readonly string[];
  /** Kept.offset, ms. */
  clockOffset: number;
  /** Kept.highWater, epoch ms. */
  highWater: number;
  seat: SeatKnowledge | null;
  /** Of the seat, to go on with after a restart; null: none. */
  sessionId: string | null;
  ledger: UsageLedger;
}

const VERSION = 1;
const MAX_ENTRIES = 4096;

/** JSON in snake_case; times in ISO 8601. */
export function encodeOfflineState(state: OfflineState): string {
  const { seat, ledger } = state;
  return JSON.stringify({
    version: VERSION,
    lease: state.leaseToken,
    key_sets: state.keySets,
    clock: { offset_ms: state.clockOffset, high_water: toInstant(state.highWater) },
    seat: seat && {
      ...seat,
      ...(seat.status === 'held' && { expiresAt: undefined, expires_at: toInstant(seat.expiresAt) }),
    },
    session_id: state.sessionId,
    quota: {
      seeds: ledger.seeds.map((one) => ({
        meter: one.meter,
        at: toInstant(one.at),
        remaining: one.remaining,
        per_day: one.perDay,
        resets_at: one.resetsAt === null ? null : toInstant(one.resetsAt),
      })),
      pending: ledger.pending.map((one) => ({
        meter: one.meter,
        amount: one.amount,
        day_ends: one.dayEnds === null ? null : toInstant(one.dayEnds),
        idempotency_key: one.idempotencyKey,
      })),
    },
  });
}

/** Throws InvalidDocument for anything that encodeOfflineState would not have written. */
export function parseOfflineState(text: string): OfflineState {
  const root = parseObject(text, 'offline state');
  if (root['version'] !== VERSION)
    throw new InvalidDocument('WRONG_TYPE', 'The offline state has another version.');
  const clock = asObject(root['clock'], 'clock');
  const quota = asObject(root['quota'], 'quota');
  return {
    leaseToken: readNullable(root, 'lease', (from, name) => readText(from, name, LEASE_MAX_LENGTH)),
    keySets: readTexts(root, 'key_sets', MAX_ENTRIES, KEY_SET_MAX_LENGTH),
    clockOffset: readOffset(clock),
    highWater: readInstant(clock, 'high_water'),
    seat: has(root, 'seat') ? readSeat(asObject(root['seat'], 'seat')) : null,
    sessionId: readNullable(root, 'session_id', (from, name) => readText(from, name, 1024)),
    ledger: {
      seeds: readList(quota, 'seeds', MAX_ENTRIES, readSeed),
      pending: readList(quota, 'pending', MAX_ENTRIES, readPending),
    },
  };
}

function readOffset(clock: Claims): number {
  const value = clock['offset_ms'];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new InvalidDocument('BAD_CLAIM', 'offset_ms must be a whole number.');
}

function readSeat(seat: Claims): SeatKnowledge {
  const status = readOneOf(seat, 'status', ['held', 'lost', 'released']);
  return status === 'held' ? { status, expiresAt: readInstant(seat, 'expires_at') } : { status };
}

function readSeed(item: unknown): MeterSeed {
  const seed = asObject(item, 'seed');
  return {
    meter: readText(seed, 'meter', 128),
    at: readInstant(seed, 'at'),
    remaining: readNullable(seed, 'remaining', readCount),
    perDay: readNullable(seed, 'per_day', readCount),
    resetsAt: readNullable(seed, 'resets_at', readInstant),
  };
}

function readPending(item: unknown): PendingUse {
  const use = asObject(item, 'use');
  return {
    meter: readText(use, 'meter', 128),
    amount: readCount(use, 'amount'),
    dayEnds: readNullable(use, 'day_ends', readInstant),
    idempotencyKey: readNullable(use, 'idempotency_key', readText),
  };
}
