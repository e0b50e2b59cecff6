import {
  ENDED,
  FRESH,
  HOUR,
  LOST,
  RELEASED,
  SECOND,
  T,
  USABLE,
  type Vector,
  held,
  iso,
  vector,
} from './scenario.js';

/** Seats: leases that end with one, `strict`, where all do, and what a lost one means elsewhere. */
export const seats: Vector[] = [];
const add = (...scenario: Parameters<typeof vector>) => seats.push(vector(...scenario));

const MODES = ['none', 'hybrid', 'strict', 'relaxed', 'instance'];
const LENIENT = MODES.filter((mode) => mode !== 'strict');

const LAPSE = T + 360 * SECOND;
for (const mode of MODES) {
  const lease = { mode, seat_bound: true, seat_expires_at: iso(LAPSE) };
  const over = { reason: 'SEAT_ENDED' };
  add(`seat-bound, ${mode}: 1 ms before the seat lapses`, { lease, wall: LAPSE - 1 }, 'fresh', {
    until: LAPSE,
  });
  add(`seat-bound, ${mode}: as the seat lapses`, { lease, wall: LAPSE }, 'free', over);
  add(`seat-bound, ${mode}: 1 ms after the seat lapsed`, { lease, wall: LAPSE + 1 }, 'free', over);
  add(`seat-bound, ${mode}: released`, { lease, wall: T + 1, seat: RELEASED }, 'free', over);
  add(`seat-bound, ${mode}: lost`, { lease, wall: T + 1, seat: LOST }, 'free', { reason: 'SEAT_LOST' });
  add(
    `seat-bound, ${mode}: a heartbeat moves the end`,
    {
      lease,
      wall: LAPSE - 1,
      answer: { kind: 'seat', expires_at: iso(LAPSE + HOUR) },
    },
    'fresh',
    { until: LAPSE + HOUR, seat: held(LAPSE + HOUR) },
  );
  add(
    `seat-bound, ${mode}: in grace while the seat lives`,
    { lease, wall: FRESH, seat: held(FRESH + 9) },
    'grace',
    {
      until: FRESH + 9,
    },
  );
  add(
    `seat-bound, ${mode}: a seat outlives no lease`,
    { lease, wall: USABLE, seat: held(USABLE + HOUR) },
    'free',
    ENDED,
  );
}
const strict = { mode: 'strict' };
add('strict: no seat known', { lease: strict, wall: T }, 'free', { reason: 'SEAT_ENDED' });
add(
  'strict: a seat from the lease',
  { lease: { ...strict, seat_expires_at: iso(LAPSE) }, wall: T },
  'fresh',
  { until: LAPSE },
);
add('strict: a seat until after fresh_until', { lease: strict, wall: T, seat: held(FRESH + 1) }, 'fresh', {
  until: FRESH,
});
add('strict: 1 ms before the seat lapses', { lease: strict, wall: LAPSE - 1, seat: held(LAPSE) }, 'fresh', {
  until: LAPSE,
});
add('strict: as the seat lapses', { lease: strict, wall: LAPSE, seat: held(LAPSE) }, 'free', {
  reason: 'SEAT_ENDED',
});
add(
  'strict: in grace, seat held past the end',
  { lease: strict, wall: FRESH, seat: held(USABLE + 1) },
  'grace',
  { until: USABLE },
);
add('strict: released', { lease: strict, wall: T, seat: RELEASED }, 'free', { reason: 'SEAT_ENDED' });
add('strict: lost', { lease: strict, wall: T, seat: LOST }, 'free', { reason: 'SEAT_LOST' });
add(
  'strict: giving the seat back',
  { lease: strict, wall: T, seat: held(LAPSE), answer: { kind: 'released' } },
  'free',
  {
    reason: 'SEAT_ENDED',
    seat: RELEASED,
  },
);
for (const mode of LENIENT) {
  const lease = { mode };
  const wall = T + HOUR;
  const stays = { until: FRESH };
  add(`${mode}: the seat lapsed unheard`, { lease, wall, seat: held(LAPSE) }, 'fresh', stays);
  add(`${mode}: released before`, { lease, wall, seat: RELEASED }, 'fresh', stays);
  add(`${mode}: giving the seat back`, { lease, wall, answer: { kind: 'released' } }, 'fresh', {
    ...stays,
    seat: RELEASED,
  });
  for (const [status, code] of [
    [410, 'SEAT_GONE'],
    [409, 'SEATS_EXHAUSTED'],
    [409, 'DEVICE_IN_USE'],
  ] as const) {
    const given = { lease, wall, seat: held(LAPSE), answer: { kind: 'http', status, code } as const };
    if (mode === 'none') add(`${mode}: ${code}`, given, 'fresh', { ...stays, seat: LOST });
    else add(`${mode}: ${code}`, given, 'free', { reason: 'SEAT_LOST', seat: LOST });
  }
  const again = { lease, wall, seat: LOST, answer: { kind: 'seat', expires_at: iso(wall + 1) } as const };
  add(`${mode}: the seat is held again`, again, 'fresh', { ...stays, seat: held(wall + 1) });
}
add('hybrid: lost, then the lease ends', { wall: USABLE, seat: LOST }, 'free', ENDED);
