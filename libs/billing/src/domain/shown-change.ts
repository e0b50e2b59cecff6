import type { LicenseType } from '#sdk/formats';
import type { Interval } from '../events/words.js';
import type { Wish, WishOutcome } from './wish.js';

export const CHANGE_STATUSES = ['pending', 'done', 'refused', 'dropped'] as const;

/** The last change that somebody asked for, as people see it. */
export interface ShownChange {
  status: (typeof CHANGE_STATUSES)[number];
  /** null: as it is. */
  plan: LicenseType | null;
  interval: Interval | null;
  seats: number | null;
  code: string | null;
  at: string;
}

/** Where it stands; null: nothing was ever wanted. */
export function shownChange(
  all: {
    generation: number;
    settled: number;
    wanted: Wish | null;
    writing: Wish | null;
    askedAt: Date | null;
    outcomes: readonly WishOutcome[];
  } | null,
): ShownChange | null {
  if (!all?.askedAt) return null;
  const { generation, settled, wanted, writing, askedAt, outcomes } = all;
  if (generation > settled) {
    return shown('pending', { ...writing, ...wanted }, null, askedAt.toISOString());
  }
  const last = outcomes.at(-1);
  return last ? shownOutcome(last) : null;
}

export const shownOutcome = ({ status, wanted, refusal, at }: WishOutcome): ShownChange =>
  shown(status, wanted, refusal?.code ?? null, at);

const shown = (
  status: ShownChange['status'],
  { plan, interval, seats }: Wish,
  code: string | null,
  at: string,
): ShownChange => ({
  ...{ status, code, at },
  plan: plan ?? null,
  interval: interval ?? null,
  seats: seats ?? null,
});
