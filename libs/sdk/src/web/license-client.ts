import type { LicenseClientOptions } from '../client/license-client-options.js';
import { memoryStores } from '../client/memory-stores.js';
import { type ClientPlatform, systemTime } from '../client/platform.js';
import { PortableLicenseClient } from '../client/portable-license-client.js';
import { webCrypto } from '../crypto/web-crypto.js';
import { pageDeviceId } from './device-id.js';
import { storageOf, thisPage } from './page.js';
import { pageStores, type PageStorage } from './storage.js';

/** In a page, beside what every platform takes. */
export interface WebLicenseClientOptions extends LicenseClientOptions {
  /** Names what is kept in the page's storage. */
  application?: string;
  /** localStorage when left out; null: nothing is kept, and every visit is a new device. */
  storage?: PageStorage | null;
}

/**
 * The licence client for browsers. What it remembers lies in localStorage, unsealed: a page can hide nothing from its
 * user. Tabs of one browser are one device. `bearer` has to be given, such as an AuthClient: a page
 * has no `auth.json`.
 */
export class LicenseClient extends PortableLicenseClient {
  /** Throws TypeError when `url` is no address of a server, or one of bare HTTP that was not allowed. */
  constructor(options: WebLicenseClientOptions) {
    super(options, webPlatform(options));
  }
}

function webPlatform(options: WebLicenseClientOptions): ClientPlatform {
  const { application = 'gatehouse', time = systemTime, storage = storageOf(thisPage) } = options;
  return {
    crypto: webCrypto,
    time,
    hardwareId: async () => pageDeviceId(application, storage),
    open: async () =>
      storage ? pageStores(application, storage, thisPage.navigator?.locks) : memoryStores(),
    onEnd: (close) => {
      // The request outlives the page (keepalive); one that comes back from the cache takes a seat with its next call.
      const leave = () => void close();
      thisPage.addEventListener?.('pagehide', leave);
      return () => thisPage.removeEventListener?.('pagehide', leave);
    },
  };
}
