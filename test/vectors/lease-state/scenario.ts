/**
 * What the scenarios of lease-state.json are written with. Expectations are put down by hand from the rules' text, never
 * computed by the code under test, which nothing in this folder imports.
 */
export const SECOND = 1000;
export const HOUR = 3600 * SECOND;
export const DAY = 24 * HOUR;
/** When the cached lease was issued. */
export const T = Date.parse('2026-03-01T00:00:00.000Z');
export const FRESH = T + DAY;
export const USABLE = FRESH + 7 * DAY;
export const iso = (ms: number) => new Date(ms).toISOString();

export const ACTIVE = {
  iss: 'https://licences.example',
  license_id: 'lic_a',
  tenant_id: 'ten_a',
  plan: 'PRO',
  entitlements: ['commands:execute', 'sync:read'],
  device: '5d'.repeat(32),
  status: 'active',
  mode: 'hybrid',
  revision: 5,
  issued_at: iso(T),
  fresh_until: iso(FRESH),
  usable_until: iso(USABLE),
  seat_bound: false,
  seat_expires_at: null as string | null,
  quota: [],
};
export type Claims = Partial<typeof ACTIVE>;
export type Seat =
  { status: 'held'; expires_at: string } | { status: 'lost' } | { status: 'released' } | null;
export type Answer =
  | { kind: 'http'; status: number | null; code?: string }
  | { kind: 'lease'; live: boolean; lease: Claims }
  | { kind: 'seat'; expires_at: string }
  | { kind: 'released' }
  | null;
export interface Given {
  /** Of the cached lease; null: none. */
  lease?: Claims | null;
  wall: number;
  offset?: number;
  highWater?: number;
  seat?: Seat;
  answer?: Answer;
}
export interface Then {
  reason?: string;
  until?: number;
  /** Default: the wall clock, or the high-water mark if that is ahead. */
  now?: number;
  keeps?: 'cached' | 'answer';
  offset?: number;
  seat?: Seat;
}

export function vector(name: string, given: Given, state: string, then: Then = {}) {
  const { lease = {}, wall, offset = 0, highWater = 0, seat = null, answer = null } = given;
  const keptOffset = then.offset ?? offset;
  const now = then.now ?? Math.max(wall + keptOffset, highWater);
  return {
    name,
    input: { lease, time: { wall: iso(wall), offset_ms: offset, high_water: iso(highWater) }, seat, answer },
    expected: {
      state,
      reason: then.reason ?? null,
      until: then.until === undefined ? null : iso(then.until),
      left_ms: then.until === undefined ? null : then.until - now,
      now: iso(now),
      taken: then.keeps === 'answer',
      keep: {
        lease: then.keeps ?? (lease === null ? null : 'cached'),
        offset_ms: keptOffset,
        high_water: iso(now),
        seat: then.seat === undefined ? seat : then.seat,
      },
    },
  };
}

/** A life that begins and ends at given instants. */
export const life = (issued: number, fresh = issued + DAY, usable = fresh + 7 * DAY): Claims => ({
  issued_at: iso(issued),
  fresh_until: iso(fresh),
  usable_until: iso(usable),
});
export const leaseAnswer = (lease: Claims, live = true): Answer => ({ kind: 'lease', live, lease });
export const held = (until: number): Seat => ({ status: 'held', expires_at: iso(until) });
export const LOST: Seat = { status: 'lost' };
export const RELEASED: Seat = { status: 'released' };
export const ENDED = { reason: 'LEASE_ENDED' };

export const REVOKED: Claims = { status: 'revoked' };
export const SUSPENDED: Claims = { status: 'suspended' };

/** A situation for each state, and what it looks like from inside. */
export const SITUATIONS: Record<string, [Given, Then]> = {
  fresh: [{ wall: T + HOUR }, { until: FRESH }],
  grace: [{ wall: FRESH + HOUR }, { until: USABLE }],
  free: [{ wall: USABLE + HOUR }, ENDED],
  suspended: [{ wall: T + HOUR, lease: SUSPENDED }, {}],
  revoked: [{ wall: T + HOUR, lease: REVOKED }, {}],
  clock_tampered: [{ wall: T + HOUR, highWater: T + 2 * HOUR }, {}],
};

export const later = (issued: number, claims: Claims = {}, live = true) =>
  leaseAnswer({ ...life(issued), ...claims }, live);
/** What a live lease of a day leads to. */
export const afresh = (issued: number, offset: number): Then => ({
  until: issued + DAY,
  keeps: 'answer',
  offset,
  now: issued,
});
export type Vector = ReturnType<typeof vector>;
