import { DAY, FRESH, HOUR, LOST, T, type Vector, held, iso, vector, later, afresh } from './scenario.js';

/** What a lease tells of the time, and of the seat. */
export const timeTold: Vector[] = [];
const add = (...scenario: Parameters<typeof vector>) => timeTold.push(vector(...scenario));

const NOW = T + HOUR;

add('the first lease', { lease: null, wall: NOW, answer: later(NOW) }, 'fresh', afresh(NOW, 0));
add(
  'a live lease, clock an hour slow',
  { wall: NOW - HOUR, highWater: NOW, answer: later(NOW) },
  'fresh',
  afresh(NOW, HOUR),
);
add(
  'a live lease, clock a day fast',
  { wall: NOW + DAY, highWater: NOW + DAY, answer: later(NOW) },
  'fresh',
  afresh(NOW, -DAY),
);
add(
  'a live lease heals a mark left far ahead',
  { wall: NOW, highWater: T + 365 * DAY, answer: later(NOW) },
  'fresh',
  afresh(NOW, 0),
);
add(
  'a live lease replaces an old offset',
  { wall: NOW, offset: DAY, highWater: NOW + DAY, answer: later(NOW) },
  'fresh',
  afresh(NOW, 0),
);
add(
  'a file, clock slow',
  { lease: null, wall: NOW - DAY, answer: later(NOW, {}, false) },
  'fresh',
  afresh(NOW, DAY),
);
add('a file, issued a day ago', { lease: null, wall: NOW + DAY, answer: later(NOW, {}, false) }, 'grace', {
  until: NOW + 8 * DAY,
  keeps: 'answer',
});
add(
  'a file does not move a sound clock',
  { wall: FRESH, highWater: T, answer: later(NOW, {}, false) },
  'fresh',
  { until: NOW + DAY, keeps: 'answer' },
);
add(
  'a file heals a mark left far ahead',
  { wall: NOW, highWater: T + 365 * DAY, answer: later(T + 1, {}, false) },
  'fresh',
  { until: FRESH + 1, keeps: 'answer', now: NOW },
);
add(
  'an old lease again heals nothing',
  { wall: NOW, highWater: T + 365 * DAY, answer: later(T) },
  'clock_tampered',
);
add(
  'an earlier lease of a higher revision tells no time',
  { wall: NOW, highWater: T + 365 * DAY, answer: later(T - 1, { revision: 6 }) },
  'clock_tampered',
  { keeps: 'answer' },
);
const seated = later(NOW, { seat_expires_at: iso(NOW + HOUR) });
add('a lease with a seat ends the loss', { wall: NOW, seat: LOST, answer: seated }, 'fresh', {
  ...afresh(NOW, 0),
  seat: held(NOW + HOUR),
});
add('a lease without a seat does not', { wall: NOW, seat: LOST, answer: later(NOW) }, 'free', {
  reason: 'SEAT_LOST',
  keeps: 'answer',
});
