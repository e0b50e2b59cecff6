import type { PageLocks, PageStorage } from './storage.js';

type PageListener = (event: { key?: string | null }) => void;

/** What a page has, if it has it. */
export interface Page {
  localStorage?: PageStorage;
  navigator?: { locks?: PageLocks };
  addEventListener?: (name: string, listener: PageListener) => void;
  removeEventListener?: (name: string, listener: PageListener) => void;
}

export const thisPage = globalThis as unknown as Page;

/** Merely asking for it throws where a page may keep nothing. */
export function storageOf(page: Page): PageStorage | null {
  try {
    return page.localStorage ?? null;
  } catch {
    return null;
  }
}
