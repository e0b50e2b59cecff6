import type { ClientStores, Store } from './platform.js';
import { Turns } from './turns.js';

/** Remembered as long as the program runs. */
export function memoryStore<T>(): Store<T> {
  let value: T | null = null;
  const turns = new Turns();
  return {
    read: async () => value,
    update: (change) => turns.take(async () => (value = await change(value))),
    drop: async (isIt) => {
      if (value !== null && isIt(value)) value = null;
    },
  };
}

/** For a machine that lets the program keep nothing. */
export const memoryStores = (): ClientStores => ({
  offline: memoryStore(),
  pinned: memoryStore(),
  holders: { join: async () => undefined, leave: (last) => last() },
});
