import type { SweepKind } from '../persistence/sweeps.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** UTC: night where most who buy are asleep. */
const NIGHT_HOUR = 3;

/** When the sweep after one that has ended at `now` is due. */
export function nextSweep(kind: SweepKind, now: Date): Date {
  if (kind === 'hourly') return new Date(now.getTime() + HOUR_MS);
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS + NIGHT_HOUR * HOUR_MS;
  return new Date(today > now.getTime() ? today : today + DAY_MS);
}
