import { isRefusal } from '../api/api-error.js';
import { newMark } from '../api/cookie-call.js';
import { type AuthClientOptions, PortableAuthClient } from '../auth/portable-auth-client.js';
import { formatAuth, parseAuth, type StoredAuth } from '../auth/stored-auth.js';
import { memoryStore } from '../client/memory-stores.js';
import { systemTime } from '../client/platform.js';
import { pageDeviceId } from './device-id.js';
import { storageOf, thisPage } from './page.js';
import { type PageLocks, pageStore, type PageStorage } from './storage.js';
import { storageLocks } from './storage-locks.js';

/** In a page, beside what every platform takes. */
export interface WebAuthClientOptions extends AuthClientOptions {
  /** Names what is kept in the page's storage. */
  application?: string;
  /**
   * localStorage when left out: every tab is signed in, and whatever script runs in the page can read the tokens. null:
   * they are in memory, and each tab and each visit signs in.
   */
  storage?: PageStorage | null;
  /**
   * `cookie`: the server keeps the tokens in cookies of its own that no script can read, and the storage keeps who is
   * signed in and until when. For pages of an origin that the server allows.
   */
  session?: 'cookie';
  /** For tests: other Web Locks; null: a page without. */
  locks?: PageLocks | null;
}

/**
 * Sign-in for pages. Tabs share one session: one of them refreshes under a Web Lock, or where there are none under a mark
 * in the storage, and the others take what it got; who signs out in one is signed out in all.
 */
export class AuthClient extends PortableAuthClient {
  private readonly session: 'cookie' | undefined;

  /** Throws TypeError when `url` is no address of a server, or one of bare HTTP that was not allowed. */
  constructor(options: WebAuthClientOptions) {
    const { application = 'gatehouse', time = systemTime, storage = storageOf(thisPage), session } = options;
    const name = `${application}.auth`;
    const { locks = thisPage.navigator?.locks } = options;
    const codec = { format: formatAuth, parse: parseAuth };
    super(options, {
      ...{ time, session },
      ...(storage
        ? {
            store: pageStore(name, codec, storage, locks ?? storageLocks(storage, time)),
            watch: (changed) => onStorage(name, changed),
            deviceId: deviceIdOf(application, storage),
          }
        : { store: memoryStore() }),
    });
    this.session = session;
  }

  /**
   * Who is signed in, also where only a cookie knows: after a sign-in on a page of the server's own, or on a visit where
   * nothing was kept. Asks the server if nobody is known here. Throws ApiError when it does not answer.
   */
  async restore(): Promise<StoredAuth['user'] | null> {
    const known = await this.user();
    if (known || this.session !== 'cookie') return known;
    try {
      await this.enter(await this.api.refresh(newMark()));
    } catch (error) {
      if (isRefusal(error, 'UNAUTHENTICATED', 'VALIDATION_FAILED')) return null;
      throw error;
    }
    return this.user();
  }
}

/** Where it cannot be kept there is none: a new one with every visit would be a new device each time. */
const deviceIdOf = (application: string, storage: PageStorage) => async () => {
  try {
    return pageDeviceId(application, storage);
  } catch {
    return null;
  }
};

/** Pages hear what other tabs store, never what they store themselves. `key` null: all of it was cleared. */
function onStorage(name: string, changed: () => void): () => void {
  const listener = ({ key }: { key?: string | null }) => {
    if (key === name || key === null) changed();
  };
  thisPage.addEventListener?.('storage', listener);
  return () => thisPage.removeEventListener?.('storage', listener);
}
