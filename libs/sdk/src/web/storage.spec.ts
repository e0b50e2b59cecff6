import type { Anchor } from '../anchors.js';
import { parsePinned } from '../client/pinned-keys.js';
import { MapStorage } from '../testing/page-storage.js';
import { ScriptedServer } from '../testing/scripted-server.js';
import { LicenseClient } from './license-client.js';
import { type PageLocks, pageStores } from './storage.js';

/** Node has the Web Locks API that browsers have. */
const locks = (navigator as unknown as { locks: PageLocks }).locks;

const page = (
  server: ScriptedServer,
  storage: MapStorage | null,
  anchors: readonly Anchor[] = [server.signer.anchor],
) =>
  new LicenseClient({
    url: 'https://licences.example',
    anchors,
    bearer: { token: async () => 'tok', renew: async () => null },
    storage,
    fetch: server.fetch,
  });

describe('a client in a page', () => {
  it('remembers its lease and its device in the page’s storage', async () => {
    const server = new ScriptedServer(Date.now);
    const storage = new MapStorage();
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

  // It took whatever was JSON for pinned keys, and did not start on others.
  it.each(['{"version":7}', '{"servers":{}}', '7', '[{}]', '{'])('takes %s for nothing', async (text) => {
    const storage = new MapStorage();
    for (const name of ['license', 'servers']) storage.setItem(`gatehouse.${name}`, text);
    const server = new ScriptedServer(Date.now);
    const client = page(server, storage, []);
    expect((await client.start()).state).toBe('fresh');
    await client.close();
    expect(parsePinned(storage.getItem('gatehouse.servers')!)?.[0]?.anchors).toEqual([server.signer.anchor]);
  });
});

it('tabs are one device: the last one gives the seat back', async () => {
  const storage = new MapStorage();
  const tabs = [pageStores('a', storage, locks), pageStores('a', storage, locks)];
  for (const tab of tabs) await tab.holders.join();
  const released: number[] = [];
  for (const [i, tab] of tabs.entries()) {
    await tab.holders.leave(async () => void released.push(i));
  }
  expect(released).toEqual([1]);
});
