import { setTimeout as pause } from 'node:timers/promises';

const TRIES = 3;
/** Before the second try, in ms; the third waits twice as long. */
const WAIT_MS = 150;

/**
 * Asks up to twice more where `isWorthIt` says that the failure may pass, and only within `patienceMs` of the first try:
 * whoever has waited for one that hangs has waited enough. Half of each pause is chance, so that those who failed together
 * do not come back together. Only for what changes nothing. Throws what the last try throws.
 */
export async function readAgain<T>(
  ask: () => Promise<T>,
  isWorthIt: (error: unknown) => boolean,
  patienceMs: number,
): Promise<T> {
  const until = performance.now() + patienceMs;
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES || performance.now() > until || !isWorthIt(error)) throw error;
      await pause(WAIT_MS * tries * (0.5 + Math.random()));
    }
  }
}
