import type { LicenseClientOptions } from '../client/license-client-options.js';
import { memoryStores } from '../client/memory-stores.js';
import { type ClientPlatform, type ClientTime, systemTime } from '../client/platform.js';
import { PortableLicenseClient } from '../client/portable-license-client.js';
import { toHex } from '../crypto/client-crypto.js';
import { webCrypto } from '../crypto/web-crypto.js';
import { type PageLocks, pageStores, type PageStorage } from './storage.js';

/** In a page, beside what every platform takes. */
export interface WebLicenseClientOptions extends LicenseClientOptions {
  /** Names what is kept in the page's storage. */
  application?: string;
  /** localStorage when left out; null: nothing is kept, and every visit is a new device. */
  storage?: PageStorage | null;
  /** For tests: another clock and other timers. */
  time?: ClientTime;
  fetch?: typeof fetch;
}

/** What a page has, if it has it. */
interface Page {
  localStorage?: PageStorage;
  navigator?: { locks?: PageLocks };
  addEventListener?: (name: string, listener: () => void) => void;
  removeEventListener?: (name: string, listener: () => void) => void;
}

/**
 * The licence client for browsers. What it remembers lies in localStorage, unsealed: a page can hide nothing from its
 * user. Tabs of one browser are one device. `bearer` has to be given: a page has no `auth.json`.
 */
export class LicenseClient extends PortableLicenseClient {
  /** Throws TypeError when `url` is no address of a server. */
  constructor(options: WebLicenseClientOptions) {
    super(options, webPlatform(options));
  }
}

function webPlatform(options: WebLicenseClientOptions): ClientPlatform {
  const page = globalThis as Page;
  const { application = 'gatehouse', time = systemTime, storage = storageOf(page) } = options;
  return {
    crypto: webCrypto,
    time,
    fetch: options.fetch,
    hardwareId: async () => deviceId(`${application}.device`, storage),
    open: async () => (storage ? pageStores(application, storage, page.navigator?.locks) : memoryStores()),
    onEnd: (close) => {
      // The request outlives the page (keepalive); one that comes back from the cache takes a seat with its next call.
      const leave = () => void close();
      page.addEventListener?.('pagehide', leave);
      return () => page.removeEventListener?.('pagehide', leave);
    },
  };
}

/** Merely asking for it throws where a page may keep nothing. */
function storageOf(page: Page): PageStorage | null {
  try {
    return page.localStorage ?? null;
  } catch {
    return null;
  }
}

function deviceId(name: string, storage: PageStorage | null): string {
  const known = storage?.getItem(name);
  if (known && /^[0-9a-f]{64}$/.test(known)) return known;
  const made = toHex(webCrypto.randomBytes(32));
  storage?.setItem(name, made);
  return made;
}
