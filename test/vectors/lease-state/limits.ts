import { DAY, ENDED, FRESH, T, type Then, USABLE, type Vector, held, iso, life, vector } from './scenario.js';

/** Every limit, a millisecond to each side of it. */
export const limits: Vector[] = [];
const add = (...scenario: Parameters<typeof vector>) => limits.push(vector(...scenario));

const LENIENT = ['none', 'hybrid', 'relaxed', 'instance'];

for (const mode of LENIENT) {
  const lease = { mode };
  const at = (when: string, wall: number, state: string, then: Then) =>
    add(`${mode}: ${when}`, { lease, wall }, state, then);
  at('at its issue', T, 'fresh', { until: FRESH });
  at('1 ms before fresh_until', FRESH - 1, 'fresh', { until: FRESH });
  at('at fresh_until', FRESH, 'grace', { until: USABLE });
  at('1 ms after fresh_until', FRESH + 1, 'grace', { until: USABLE });
  at('1 ms before usable_until', USABLE - 1, 'grace', { until: USABLE });
  at('at usable_until', USABLE, 'free', ENDED);
  at('1 ms after usable_until', USABLE + 1, 'free', ENDED);
  at('ten years later', T + 3650 * DAY, 'free', ENDED);
}
for (const [when, wall, state, then] of [
  ['on its last fresh day', T + 90 * DAY - 1, 'fresh', { until: T + 90 * DAY }],
  ['in grace', T + 90 * DAY, 'grace', { until: T + 97 * DAY }],
  ['at its end', T + 97 * DAY, 'free', ENDED],
] as [string, number, string, Then][]) {
  add(`air-gapped for 90 days: ${when}`, { lease: life(T, T + 90 * DAY), wall }, state, then);
}
add('a life without grace: just fresh', { lease: life(T, FRESH, FRESH), wall: FRESH - 1 }, 'fresh', {
  until: FRESH,
});
add('a life without grace: over', { lease: life(T, FRESH, FRESH), wall: FRESH }, 'free', ENDED);
add('a life of nothing', { lease: life(T, T, T), wall: T }, 'free', ENDED);
add('no lease', { lease: null, wall: T }, 'free', { reason: 'NO_LEASE' });
add('no lease, clock set back', { lease: null, wall: T, highWater: T + DAY }, 'free', { reason: 'NO_LEASE' });
add(
  'no lease, a heartbeat',
  { lease: null, wall: T, answer: { kind: 'seat', expires_at: iso(T + 1) } },
  'free',
  {
    reason: 'NO_LEASE',
    seat: held(T + 1),
  },
);
