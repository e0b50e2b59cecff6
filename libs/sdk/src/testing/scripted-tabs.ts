import type { AuthEvents } from '../auth/auth-events.js';
import { type AuthClientOptions, PortableAuthClient } from '../auth/portable-auth-client.js';
import type { StoredAuth } from '../auth/stored-auth.js';
import { memoryStore } from '../client/memory-stores.js';
import type { Store } from '../client/platform.js';
import { FakeTime } from './fake-time.js';
import { ADA, ScriptedAuth } from './scripted-auth.js';
import { ISSUER } from './signer.js';

/** Tabs or programs that share who is signed in; their time, network and memory are the test's. */
export class ScriptedTabs {
  readonly time = new FakeTime();
  readonly auth = new ScriptedAuth({ now: this.time.truth });
  store: Store<StoredAuth> = memoryStore();

  /** Another one. */
  start(options: Partial<AuthClientOptions> = {}) {
    const { time, auth, store } = this;
    const client = new PortableAuthClient({ url: ISSUER, fetch: auth.fetch, ...options }, { time, store });
    const heard: [keyof AuthEvents, unknown][] = [];
    for (const name of ['signed-in', 'refreshed', 'signed-out', 'warning'] as const)
      client.on(name, (payload) => void heard.push([name, payload]));
    return { client, heard, names: () => heard.map(([name]) => name) };
  }

  /** Another one, in which Ada has signed in. */
  async signedIn() {
    const tab = this.start();
    await tab.client.signIn(ADA);
    tab.heard.length = 0;
    return tab;
  }
}
