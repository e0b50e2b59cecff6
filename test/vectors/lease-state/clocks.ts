import {
  DAY,
  ENDED,
  FRESH,
  HOUR,
  REVOKED,
  SECOND,
  SUSPENDED,
  T,
  type Then,
  USABLE,
  type Vector,
  vector,
} from './scenario.js';

/** Clocks that were set back. */
export const clocks: Vector[] = [];
const add = (...scenario: Parameters<typeof vector>) => clocks.push(vector(...scenario));

const SEEN = T + 5 * HOUR;
for (const [back, isForgiven] of [
  [0, true],
  [1, true],
  [119 * SECOND, true],
  [120 * SECOND - 1, true],
  [120 * SECOND, true],
  [120 * SECOND + 1, false],
  [121 * SECOND, false],
  [HOUR, false],
  [3650 * DAY, false],
] as [number, boolean][]) {
  const name = (of: string) => `${of}: ${back} ms back`;
  const state = (sound: string) => (isForgiven ? sound : 'clock_tampered');
  const then = (until: number): Then => (isForgiven ? { until } : {});
  add(name('seen while fresh'), { wall: SEEN - back, highWater: SEEN }, state('fresh'), then(FRESH));
  add(
    name('seen in grace'),
    { wall: FRESH + HOUR - back, highWater: FRESH + HOUR },
    state('grace'),
    then(USABLE),
  );
  add(
    name('seen after its end'),
    { wall: USABLE - back, highWater: USABLE },
    state('free'),
    isForgiven ? ENDED : {},
  );
  add(name('before its own issue'), { wall: T - back }, state('fresh'), { ...then(FRESH), now: T });
  add(
    name('by a clock known to be slow'),
    { wall: SEEN - HOUR - back, offset: HOUR, highWater: SEEN },
    state('fresh'),
    then(FRESH),
  );
  add(name('revoked'), { lease: REVOKED, wall: SEEN - back, highWater: SEEN }, 'revoked');
  add(name('suspended'), { lease: SUSPENDED, wall: SEEN - back, highWater: SEEN }, 'suspended');
}
add('a forgiven minute does not bring fresh back', { wall: FRESH - 60 * SECOND, highWater: FRESH }, 'grace', {
  until: USABLE,
});
add('a jump ahead is believed', { wall: USABLE + DAY, highWater: T }, 'free', ENDED);
add('revoked for ever', { lease: REVOKED, wall: T + 3650 * DAY }, 'revoked');
add('suspended beyond its end', { lease: SUSPENDED, wall: USABLE }, 'suspended');
