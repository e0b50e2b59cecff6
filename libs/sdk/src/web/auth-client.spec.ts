import { systemTime } from '../client/platform.js';
import { FakeTime } from '../testing/fake-time.js';
import { MapStorage } from '../testing/page-storage.js';
import { ADA, ScriptedAuth } from '../testing/scripted-auth.js';
import { AuthClient, type WebAuthClientOptions } from './auth-client.js';
import { thisPage } from './page.js';

const KEY = 'gatehouse.auth';

let auth: ScriptedAuth;
let storage: MapStorage;
beforeEach(() => {
  auth = new ScriptedAuth(systemTime);
  storage = new MapStorage();
});

const tab = (more: Partial<WebAuthClientOptions> = {}) =>
  new AuthClient({ url: 'https://licences.example', storage, fetch: auth.fetch, ...more });
const expire = () => {
  const kept = JSON.parse(storage.getItem(KEY)!) as object;
  storage.setItem(KEY, JSON.stringify({ ...kept, expires_at: '2026-01-01T00:00:00Z' }));
};

describe('tabs of one browser', () => {
  it.each([
    ['Web Locks', undefined],
    ['a mark in the storage where there are none', null],
  ])('refresh once, by %s', async (_, locks) => {
    await tab().signIn(ADA);
    expire();
    const tabs = Array.from({ length: 4 }, () => tab({ locks }));
    const all = await Promise.all(tabs.map((one) => one.me()));
    expect(all).toHaveLength(4);
    expect(auth.refreshed).toEqual(['refresh-1-1']);
    expect([...storage.items.keys()].sort()).toEqual([KEY, 'gatehouse.device']);
  });

  it('do not wait for one that was closed while it refreshed', async () => {
    await tab().signIn(ADA);
    expire();
    for (const until of [Date.now() - 1, Date.now() + 86_400_000]) {
      storage.setItem(`${KEY}.lock`, `gone ${until}`);
      expect((await tab({ locks: null }).me()).user.id).toBe('usr_1');
    }
  });

  it('that mark the storage at the same moment give way to the last', async () => {
    const time = new FakeTime();
    auth = new ScriptedAuth({ now: time.truth });
    await tab({ time }).signIn(ADA);
    expire();
    const set = storage.setItem.bind(storage);
    storage.setItem = (name, text) => {
      set(name, text);
      if (!name.endsWith('.lock')) return;
      set(name, `another ${time.now() + 20_000}`);
      storage.setItem = set;
    };
    const me = tab({ time, locks: null }).me();
    await time.pass(5_000);
    expect(auth.refreshed).toEqual([]);
    storage.removeItem(`${KEY}.lock`);
    await time.pass(1_000);
    expect((await me).user.id).toBe('usr_1');
    expect(auth.refreshed).toHaveLength(1);
  });

  it('are told of each other’s signing out, until they are closed', async () => {
    const listeners = new Set<(event: { key?: string | null }) => void>();
    Object.assign(thisPage, {
      addEventListener: (_: string, one: () => void) => listeners.add(one),
      removeEventListener: (_: string, one: () => void) => listeners.delete(one),
    });
    try {
      const [one, two] = [tab(), tab()];
      await one.signIn(ADA);
      const tell = (key: string | null) => listeners.forEach((listener) => listener({ key }));
      const signedIn = new Promise((resolve) => two.once('signed-in', resolve));
      await two.user();
      await one.signOut();
      tell(KEY);
      await one.signIn(ADA);
      tell(KEY);
      await signedIn;
      const signedOut = new Promise((resolve) => two.once('signed-out', resolve));
      storage.items.clear();
      tell('other');
      tell(null);
      expect(await signedOut).toEqual({ reason: 'elsewhere' });
      one.close();
      two.close();
      expect(listeners.size).toBe(0);
    } finally {
      Object.assign(thisPage, { addEventListener: undefined, removeEventListener: undefined });
    }
  });
});

it('a browser is named to the server alike by every tab and visit, and not at all where nothing is kept', async () => {
  await tab().signIn(ADA);
  await tab().signIn(ADA);
  await tab({ storage: null }).signIn(ADA);
  const set = storage.setItem.bind(storage);
  storage.items.delete('gatehouse.device');
  storage.setItem = (name, text) => {
    if (name.endsWith('.device')) throw new Error('QuotaExceededError');
    set(name, text);
  };
  await tab().signIn(ADA);
  const ids = auth.server.got.map((one) => one.headers.get('x-device-id'));
  expect(ids).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), ids[0], null, null]);
});

it('a page signs out without waiting for a tab that holds the lock', async () => {
  await tab().signIn(ADA);
  storage.setItem(`${KEY}.lock`, `another ${Date.now() + 20_000}`);
  expect(await tab({ locks: null }).signOut()).toBe(true);
  expect(storage.getItem(KEY)).toBeNull();
});

it('a page that may keep nothing signs in all the same', async () => {
  const client = tab({ storage: null });
  await client.signIn(ADA);
  expect((await client.me()).user.id).toBe('usr_1');
  expect(await tab({ storage: null }).user()).toBeNull();
});
