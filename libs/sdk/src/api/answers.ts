import {
  asObject,
  type Claims,
  has,
  readCount,
  readFlag,
  readInstant,
  readList,
  readNames,
  readNullable,
  readOptional,
  readText,
  readTexts,
} from '../formats/claims.js';
import { KEY_SET_MAX_LENGTH } from '../formats/key-set.js';
import { LEASE_MAX_LENGTH } from '../formats/lease.js';

const TOKEN_LENGTH = 16_384;

export interface AccessToken {
  accessToken: string;
  /** Until it ends, in seconds. */
  expiresInSeconds: number;
}

/** Tokens as a sign-in gives them. */
export interface Tokens extends AccessToken {
  refreshToken: string;
}

export interface User {
  id: string;
  email: string;
  emailVerified: boolean;
}

export interface Tenant {
  id: string;
  name: string;
  slug: string;
  /** For people; programs ask for entitlements. */
  plan: string;
}

export interface SignedIn extends Tokens {
  user: User;
  tenant: Tenant;
}

export interface Registered extends SignedIn {
  /** `key` comes once, in the answer that made it. */
  license: { id: string; tier: string; status: string; key: string | null } | null;
}

export interface Me {
  user: User;
  tenant: Tenant;
  role: string;
  scopes: readonly string[];
}

/** A licence as its tenant sees it. Times are epoch ms. */
export interface License {
  id: string;
  tier: string;
  status: string;
  /** null: unlimited. */
  maxSeats: number | null;
  entitlements: readonly string[];
  /** In full for those who may see it, else masked. */
  key: string;
  expiresAt: number | null;
}

/** `max` null: unlimited. */
export interface Seats {
  used: number;
  max: number | null;
}

export interface Beat {
  /** Epoch ms by the server's clock. */
  expiresAt: number;
  heartbeatIntervalSeconds: number;
  seats: Seats;
  /** Signed; null: none came. */
  lease: string | null;
}

export interface Seat extends Beat {
  sessionId: string;
  license: { id: string; tier: string; entitlements: readonly string[] };
}

/** An answer to "is this key good for that?". */
export interface Verdict {
  valid: boolean;
  code: string;
  detail: string;
  license: { id: string; tier: string; entitlements: readonly string[] } | null;
  nonce: string | null;
  lease: string | null;
}

/** What is left of a meter. */
export interface Usage {
  meter: string;
  /** null: unlimited. */
  limit: number | null;
  used: number;
  remaining: number | null;
  /** Epoch ms; null: it never resets. */
  resetsAt: number | null;
}

/** `/.well-known/gatehouse-keys`: not signed itself; the key sets are. */
export interface ServerKeys {
  issuer: string;
  keys: readonly { kid: string; x: string; status: string }[];
  keySets: readonly string[];
}

export const readAccessToken = (answer: Claims): AccessToken => ({
  accessToken: readText(answer, 'access_token', TOKEN_LENGTH),
  expiresInSeconds: readCount(answer, 'expires_in'),
});

export const readTokens = (answer: Claims): Tokens => ({
  ...readAccessToken(answer),
  refreshToken: readText(answer, 'refresh_token', TOKEN_LENGTH),
});

const readUser = (answer: Claims): User => {
  const user = asObject(answer['user'], 'user');
  return {
    id: readText(user, 'id'),
    email: readText(user, 'email', 320),
    emailVerified: readFlag(user, 'email_verified'),
  };
};

const readTenant = (answer: Claims): Tenant => {
  const tenant = asObject(answer['tenant'], 'tenant');
  return {
    id: readText(tenant, 'id'),
    name: readText(tenant, 'name', 1024),
    slug: readText(tenant, 'slug'),
    plan: readText(tenant, 'plan'),
  };
};

export const readSignedIn = (answer: Claims): SignedIn => ({
  ...readTokens(answer),
  user: readUser(answer),
  tenant: readTenant(answer),
});

export function readRegistered(answer: Claims): Registered {
  const license = has(answer, 'license') ? asObject(answer['license'], 'license') : null;
  return {
    ...readSignedIn(answer),
    license: license && {
      id: readText(license, 'id'),
      tier: readText(license, 'tier'),
      status: readText(license, 'status'),
      key: readOptional(license, 'key', readText) ?? null,
    },
  };
}

export const readMe = (answer: Claims): Me => ({
  user: readUser(answer),
  tenant: readTenant(answer),
  role: readText(answer, 'role'),
  scopes: readNames(answer, 'scopes'),
});

export const readLicense = (answer: Claims): License => ({
  id: readText(answer, 'id'),
  tier: readText(answer, 'tier'),
  status: readText(answer, 'status'),
  maxSeats: readNullable(answer, 'max_seats', readCount),
  entitlements: readNames(answer, 'entitlements'),
  key: readText(answer, 'key'),
  expiresAt: readNullable(answer, 'expires_at', readInstant),
});

/** One page of a list, and where the next begins; null: it was the last. */
export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}

export const readPage =
  <T>(read: (item: Claims) => T) =>
  (answer: Claims): Page<T> => ({
    data: readList(answer, 'data', 100, (item) => read(asObject(item, 'item'))),
    nextCursor: readNullable(answer, 'next_cursor', (from, name) => readText(from, name, 1024)),
  });

const readSeats = (answer: Claims): Seats => {
  const seats = asObject(answer['seats'], 'seats');
  return { used: readCount(seats, 'used'), max: readNullable(seats, 'max', readCount) };
};

export const readBeat = (answer: Claims): Beat => ({
  expiresAt: readInstant(answer, 'expires_at'),
  heartbeatIntervalSeconds: readCount(answer, 'heartbeat_interval_seconds'),
  seats: readSeats(answer),
  lease: readLeaseToken(answer),
});

export const readSeat = (answer: Claims): Seat => ({
  ...readBeat(answer),
  sessionId: readText(answer, 'session_id', 1024),
  license: readTerms(asObject(answer['license'], 'license')),
});

export const readReleased = (answer: Claims): { released: boolean } => ({
  released: readFlag(answer, 'released'),
});

export const readVerdict = (answer: Claims): Verdict => ({
  valid: readFlag(answer, 'valid'),
  code: readText(answer, 'code'),
  detail: readText(answer, 'detail', 1024),
  license: has(answer, 'license') ? readTerms(asObject(answer['license'], 'license')) : null,
  nonce: readOptional(answer, 'nonce', readText) ?? null,
  lease: readLeaseToken(answer),
});

export const readUsage = (answer: Claims): Usage => ({
  meter: readText(answer, 'meter', 128),
  limit: readNullable(answer, 'limit', readCount),
  used: readCount(answer, 'used'),
  remaining: readNullable(answer, 'remaining', readCount),
  resetsAt: readNullable(answer, 'resets_at', readInstant),
});

export const readKeys = (answer: Claims): ServerKeys => ({
  issuer: readText(answer, 'issuer'),
  keys: readList(answer, 'keys', 64, (item) => {
    const key = asObject(item, 'key');
    return { kid: readText(key, 'kid', 128), x: readText(key, 'x', 64), status: readText(key, 'status') };
  }),
  keySets: has(answer, 'key_sets') ? readTexts(answer, 'key_sets', 64, KEY_SET_MAX_LENGTH) : [],
});

/** Absent from servers that issue none. */
const readLeaseToken = (answer: Claims) =>
  readOptional(answer, 'lease', (from, name) => readText(from, name, LEASE_MAX_LENGTH)) ?? null;

const readTerms = (license: Claims) => ({
  id: readText(license, 'id'),
  tier: readText(license, 'tier'),
  entitlements: readNames(license, 'entitlements'),
});
