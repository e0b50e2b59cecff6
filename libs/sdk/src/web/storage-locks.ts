import type { ClientTime } from '../client/platform.js';
import type { PageLocks, PageStorage } from './storage.js';

/** Whoever wrote at the same moment has overwritten the mark by then, ms. */
const SETTLE_MS = 30;
const LOOK_AGAIN_MS = 50;
/** A tab that was closed inside is not waited for longer, ms; a refresh takes 20 s at most. */
const HELD_MS = 25_000;

/**
 * For pages without the Web Locks API: a mark in the storage they share. A storage cannot compare and set, so two tabs
 * may get in together once in a long while; both then get the same tokens from the server, and nobody is signed out.
 */
export function storageLocks(storage: PageStorage, time: ClientTime): PageLocks {
  const pause = (ms: number) => new Promise<void>((resolve) => void time.after(ms, resolve));
  const jitter = () => Math.round(time.random() * SETTLE_MS);
  return {
    async request(name, _options, work) {
      const key = `${name}.lock`;
      const me = `${time.random().toString(36).slice(2)}${performance.now().toString(36)}`;
      for (;;) {
        if (isFree(storage.getItem(key), time.now())) {
          const mark = `${me} ${time.now() + HELD_MS}`;
          storage.setItem(key, mark);
          await pause(SETTLE_MS + jitter());
          if (storage.getItem(key) === mark) return runUnder(storage, key, mark, work);
        } else {
          await pause(LOOK_AGAIN_MS + jitter());
        }
      }
    },
  };
}

async function runUnder<T>(
  storage: PageStorage,
  key: string,
  mark: string,
  work: (lock: unknown) => Promise<T>,
): Promise<T> {
  try {
    return await work(mark);
  } finally {
    if (storage.getItem(key) === mark) storage.removeItem(key);
  }
}

/** A mark from the future of a clock that was set back is nobody's, too. */
function isFree(mark: string | null, now: number): boolean {
  const until = Number(mark?.split(' ')[1]);
  return !(now < until && until <= now + HELD_MS);
}
