import { setTimeout as pause } from 'node:timers/promises';

interface Patience {
  /** How long to wait in all, in ms. */
  withinMs?: number;
  everyMs?: number;
}

/**
 * Waits until `look` passes: it neither throws nor gives false, and gives what it found. For conditions that
 * only polling can see (rows, keys, another process); what announces itself is awaited instead.
 *
 * @throws what `look` threw last, or an error that says what it last gave.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  patience: Patience = {},
): Promise<Exclude<T, false>> {
  const { withinMs = 30_000, everyMs = 50 } = patience;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const last = await attempt(look);
    if (last.found) return last.value as Exclude<T, false>;
    if (performance.now() >= deadline) throw last.fault;
    await pause(everyMs);
  }
}

type Outcome<T> = { found: true; value: T } | { found: false; fault: unknown };

async function attempt<T>(look: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    const value = await look();
    if (value === false) return { found: false, fault: new Error(`This did not come true in time: ${look}`) };
    return { found: true, value };
  } catch (fault) {
    return { found: false, fault };
  }
}
