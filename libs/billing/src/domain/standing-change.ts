import { isDeepStrictEqual } from 'node:util';
import type { Standing } from './standing.js';

/** When to look again is no part of where somebody stands. */
const INWARD: readonly (keyof Standing)[] = ['dueAt', 'isTrialEnding', 'endingSince'];
const INSTANTS: readonly (keyof Standing)[] = [
  'periodEnd',
  'trialEnd',
  'endsAt',
  'restrictsAt',
  'suspendsAt',
  'offlineUntil',
];

/** In words, what is different of the second; nothing when they are the same. */
export function differences(before: Standing, after: Standing): string[] {
  return (Object.keys(after) as (keyof Standing)[])
    .filter((key) => !INWARD.includes(key) && !isDeepStrictEqual(before[key], after[key]))
    .map((key) => `${key}: ${shown(key, before[key])} -> ${shown(key, after[key])}`);
}

function shown(key: keyof Standing, value: Standing[keyof Standing]): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  if (typeof value === 'number') return INSTANTS.includes(key) ? new Date(value).toISOString() : `${value}`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
