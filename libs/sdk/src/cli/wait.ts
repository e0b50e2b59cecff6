import { EXIT, Refusal } from './exit-codes.js';
import type { Call } from './verb.js';

/** As long as it takes, ms; whoever waits may end it. */
const FOREVER_MS = 365 * 86_400_000;

/** How long to wait for a seat, ms. Throws Refusal. */
export function waitOf({ values }: Call): number {
  const { wait, timeout } = values;
  if (timeout === undefined) return wait ? FOREVER_MS : 0;
  if (!wait || typeof timeout !== 'string' || !/^\d{1,7}$/.test(timeout))
    throw new Refusal(EXIT.usage, '--timeout takes a whole number of seconds, and goes with --wait.');
  return Number(timeout) * 1000;
}
