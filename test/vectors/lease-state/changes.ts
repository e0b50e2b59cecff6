import {
  type Answer,
  DAY,
  ENDED,
  HOUR,
  LOST,
  REVOKED,
  SITUATIONS,
  SUSPENDED,
  T,
  type Then,
  type Vector,
  leaseAnswer,
  life,
  vector,
  later,
  afresh,
} from './scenario.js';

/** What changes nothing, and from every state to every other. */
export const changes: Vector[] = [];
const add = (...scenario: Parameters<typeof vector>) => changes.push(vector(...scenario));

// What no server signed changes nothing.
const SILENT: [string, number | null, string?][] = [
  ['a time-out', null],
  ['429', 429, 'RATE_LIMITED'],
  ['500', 500, 'INTERNAL'],
  ['502', 502],
  ['503', 503],
  ['504', 504],
  ['408', 408],
  ['200 of a captive portal', 200],
  ['302', 302],
  ['401', 401, 'UNAUTHENTICATED'],
  ['403 unsigned', 403, 'LICENSE_REVOKED'],
  ['404', 404],
  ['409 of something else', 409, 'IDEMPOTENCY_KEY_REUSED'],
  ['410 of something else', 410],
  ['a 500 that speaks of seats', 500, 'SEAT_GONE'],
];
for (const [state, [given, then]] of Object.entries(SITUATIONS)) {
  for (const [what, status, code] of SILENT) {
    add(
      `${state}: ${what} changes nothing`,
      { ...given, answer: { kind: 'http', status, ...(code && { code }) } },
      state,
      then,
    );
  }
}
add(
  'lost: a time-out gives nothing back',
  { wall: T, seat: LOST, answer: { kind: 'http', status: null } },
  'free',
  {
    reason: 'SEAT_LOST',
  },
);

// From every state to every other. A lease of revision 6 leads there, or the clock.
const WAYS: Record<string, (wall: number) => [Answer, Then]> = {
  fresh: (wall) => [later(wall, { revision: 6 }), afresh(wall, 0)],
  grace: (wall) => [
    leaseAnswer({ ...life(wall - 1, wall), revision: 6 }, false),
    { until: wall + 7 * DAY, keeps: 'answer', now: wall },
  ],
  free: (wall) => [
    leaseAnswer({ ...life(wall - 1, wall, wall), revision: 6 }, false),
    { ...ENDED, keeps: 'answer', now: wall },
  ],
  suspended: (wall) => [later(wall, { revision: 6, ...SUSPENDED }), { keeps: 'answer', now: wall }],
  revoked: (wall) => [later(wall, { revision: 6, ...REVOKED }), { keeps: 'answer', now: wall }],
};
for (const [from, [given]] of Object.entries(SITUATIONS)) {
  for (const [to, way] of Object.entries(WAYS)) {
    const [answer, then] = way(given.wall);
    add(`from ${from} to ${to}`, { ...given, answer }, to, then);
  }
}
for (const from of ['fresh', 'grace', 'free', 'clock_tampered']) {
  const { wall, highWater = wall } = SITUATIONS[from]![0];
  add(`from ${from} to clock_tampered`, { wall: wall - 3 * HOUR, highWater }, 'clock_tampered');
}
