import { setTimeout as pause } from 'node:timers/promises';

/** What is promised within so long, in ms. Where CI is set it may take five times that: others share such machines. */
export const promised = (ms: number): number => (process.env.CI ? 5 * ms : ms);

/**
 * Resolves when at least `neededMs` are left of a period (a day of UTC, the half minute of a code), whose length in ms is
 * counted from 1970: at once, or as the next one begins.
 */
export async function roomIn(periodMs: number, neededMs: number): Promise<void> {
  const leftMs = periodMs - (Date.now() % periodMs);
  // A timer may be a moment early.
  if (leftMs < neededMs) await pause(leftMs + 50);
}
