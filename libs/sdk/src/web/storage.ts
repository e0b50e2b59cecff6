import type { ClientStores, Holders, Store } from '../client/platform.js';
import { formatPinned, parsePinned } from '../client/pinned-keys.js';
import { encodeOfflineState, parseOfflineState } from '../offline-state.js';

/** What a page keeps things in: localStorage, or anything like it. */
export interface PageStorage {
  getItem(name: string): string | null;
  setItem(name: string, text: string): void;
  removeItem(name: string): void;
}

/** The Web Locks API, as far as it is needed; absent in pages without TLS. */
export interface PageLocks {
  request<T>(
    name: string,
    options: { mode?: 'exclusive' | 'shared'; ifAvailable?: boolean },
    work: (lock: unknown) => Promise<T>,
  ): Promise<T>;
}

/** A store in a page. Tabs that share the storage change it one after the other, where there are locks. */
export function pageStore<T>(
  name: string,
  codec: { format(value: T): string; parse(text: string): T | null },
  storage: PageStorage,
  locks: PageLocks | undefined,
): Store<T> {
  const read = async () => {
    const text = storage.getItem(name);
    try {
      return text === null ? null : codec.parse(text);
    } catch {
      return null;
    }
  };
  const change = async (work: (current: T | null) => T | null | Promise<T | null>) => {
    const next = await work(await read());
    if (next === null) storage.removeItem(name);
    else storage.setItem(name, codec.format(next));
    return next;
  };
  return {
    read,
    update: (work) => (locks ? locks.request(name, {}, () => change(work)) : change(work)),
    drop: async (isIt) => {
      const current = await read();
      if (current === null || isIt(current)) storage.removeItem(name);
    },
  };
}

/** What a client in a page remembers. `prefix` keeps it apart from whatever else the page keeps. */
export const pageStores = (prefix: string, storage: PageStorage, locks?: PageLocks): ClientStores => ({
  offline: pageStore(
    `${prefix}.license`,
    { format: encodeOfflineState, parse: parseOfflineState },
    storage,
    locks,
  ),
  pinned: pageStore(`${prefix}.servers`, { format: formatPinned, parse: parsePinned }, storage, locks),
  holders: pageHolders(`${prefix}.holders`, locks),
});

/** Tabs of one browser are one device with one seat: each holds a shared lock, and the last one gets it for itself. */
function pageHolders(name: string, locks: PageLocks | undefined): Holders {
  let letGo: () => Promise<void> = async () => undefined;
  return {
    join: () =>
      new Promise((resolve) => {
        if (!locks) return resolve();
        let done = () => undefined as void;
        const held = locks.request(name, { mode: 'shared' }, () => {
          resolve();
          return new Promise<void>((end) => (done = end));
        });
        letGo = () => {
          done();
          return held;
        };
      }),
    leave: async (last) => {
      // The lock is free a moment after it was let go.
      await letGo();
      if (!locks) return last();
      await locks.request(name, { mode: 'exclusive', ifAvailable: true }, async (lock) => {
        if (lock) await last();
      });
    },
  };
}
