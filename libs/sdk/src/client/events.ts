import type { Seats } from '../api/answers.js';
import type { LeaseState } from '../lease-state.js';

/** Why the client warns. It goes on in every case. */
export type WarningCode =
  /** The server gave no answer, or failed; it is asked again in `nextInMs` (S1-45). */
  | 'UNREACHABLE'
  /** It answered with a refusal that changes nothing by itself: only what is signed does. */
  | 'REFUSED'
  /** A lease came that must not be believed; `cause` says why. */
  | 'LEASE_REFUSED'
  /** No lease came: the server issues none, or none without a device. */
  | 'NO_LEASE'
  /** Signed leases cannot be checked: no anchors were shipped, and over bare HTTP none are taken on first use. */
  | 'NO_TRUSTED_KEYS'
  /** The state directory could not be read or written; what should be there is only in memory. */
  | 'NOT_SAVED'
  /** A fault of the client itself; `cause` has it. */
  | 'FAULT';

export interface Warning {
  code: WarningCode;
  /** For a person. */
  message: string;
  /** Of the API's refusal, when there was one. */
  refusal: string | null;
  nextInMs: number | null;
  cause: unknown;
}

/** What a LicenseClient announces. */
export interface LicenseEvents {
  /** What the program may do has changed: another state, or other reasons for it. */
  state: { from: LeaseState; to: LeaseState };
  warning: Warning;
  /** A seat is held: a new one, or again. */
  seat: { sessionId: string; expiresAt: number; seats: Seats };
  /** It was given away or taken: 410 SEAT_GONE, 409 SEATS_EXHAUSTED or DEVICE_IN_USE. The client asks for another at the told pace. */
  'seat-lost': { code: string; message: string };
  /** Every seat is taken; asking again in `nextInMs`. `position`: in the queue, 1 is next; null: there is none. */
  waiting: { position: number | null; nextInMs: number };
  /** The server answers again. */
  recovered: { failures: number };
  /** A server's keys were believed on first use. */
  'keys-pinned': { url: string; issuer: string; kids: readonly string[] };
}
