import { LicenseClient } from './license-client.js';
import { ScriptedServer } from '../testing/scripted-server.js';
import { type PageLocks, pageStores, type PageStorage } from './storage.js';

class Storage implements PageStorage {
  readonly items = new Map<string, string>();
  getItem(name: string) {
    return this.items.get(name) ?? null;
  }
  setItem(name: string, text: string) {
    this.items.set(name, text);
  }
  removeItem(name: string) {
    this.items.delete(name);
  }
}

/** Node has the Web Locks API that browsers have. */
const locks = (navigator as unknown as { locks: PageLocks }).locks;

const page = (server: ScriptedServer, storage: Storage | null) =>
  new LicenseClient({
    url: 'https://licences.example',
    anchors: [server.signer.anchor],
    bearer: { token: async () => 'tok', renew: async () => null },
    storage,
    fetch: server.fetch,
  });

describe('a client in a page', () => {
  it('remembers its lease and its device in the page’s storage', async () => {
    const server = new ScriptedServer(Date.now);
    const storage = new Storage();
    const first = page(server, storage);
    expect((await first.start()).state).toBe('fresh');
    await first.close();
    expect(server.released).toEqual(['seat_1']);
    server.goAway();
    const second = page(server, storage);
    expect((await second.start()).state).toBe('fresh');
    expect([...storage.items.keys()].sort()).toEqual(['gatehouse.device', 'gatehouse.license']);
    await second.close();
  });

  it('works where nothing may be kept', async () => {
    const client = page(new ScriptedServer(Date.now), null);
    expect((await client.start()).state).toBe('fresh');
    await client.close();
  });

  it('takes what it cannot read for nothing', async () => {
    const storage = new Storage();
    storage.setItem('gatehouse.license', '{"version":7}');
    const server = new ScriptedServer(Date.now);
    const client = page(server, storage);
    expect((await client.start()).state).toBe('fresh');
    await client.close();
  });
});

it('tabs are one device: the last one gives the seat back', async () => {
  const storage = new Storage();
  const tabs = [pageStores('a', storage, locks), pageStores('a', storage, locks)];
  for (const tab of tabs) await tab.holders.join();
  const released: number[] = [];
  for (const [i, tab] of tabs.entries()) {
    await tab.holders.leave(async () => void released.push(i));
  }
  expect(released).toEqual([1]);
});
