import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WarningCode } from '../client/events.js';
import { systemTime } from '../client/platform.js';
import { holdersFile } from '../state/holders-file.js';
import { ScriptedServer } from '../testing/scripted-server.js';
import { LicenseClient } from './license-client.js';

let directory: string;
let server: ScriptedServer;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-client-'));
  server = new ScriptedServer(Date.now);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const client = (more: object = {}) =>
  new LicenseClient({
    url: 'https://licences.example',
    licenseKey: 'GH-PRO-0123456789AB-3A5F',
    anchors: [server.signer.anchor],
    directory,
    fetch: server.fetch,
    closesOnEnd: false,
    ...more,
  });

describe('programs that share a machine', () => {
  it('share a seat, and the last one gives it back', async () => {
    const [one, two] = [client(), client()];
    await Promise.all([one.start(), two.start()]);
    await one.close();
    expect(server.released).toEqual([]);
    expect(two.status().seat).not.toBeNull();
    await two.close();
    expect(server.released).toEqual(['seat_1']);
  });

  it('do not wait for one that was killed', async () => {
    await writeFile(
      join(directory, 'holders.json'),
      JSON.stringify({
        version: 1,
        // Beyond any system's largest pid.
        holders: [
          {
            id: 'x',
            pid: 2 ** 30,
            host: (await import('node:os')).hostname(),
            since: '2026-01-01T00:00:00Z',
          },
        ],
      }),
    );
    const one = client();
    await one.start();
    await one.close();
    expect(server.released).toEqual(['seat_1']);
  });

  it('that starts while another gives the seat back takes it only then', async () => {
    const first = holdersFile(directory, Date.now);
    const second = holdersFile(directory, Date.now);
    await first.join();
    const order: string[] = [];
    let joined: Promise<unknown> = Promise.resolve();
    await first.leave(async () => {
      joined = second.join().then(() => order.push('joined'));
      await new Promise(setImmediate);
      order.push('released');
    });
    await joined;
    expect(order).toEqual(['released', 'joined']);
  });

  it('learn of each other’s news', async () => {
    const [one, two] = [client(), client()];
    await one.start();
    await two.start();
    server.lease = { status: 'revoked', revision: 2, seatExpiresAt: null };
    await one.acquire();
    server.goAway();
    await two.acquire().catch(() => undefined);
    expect(two.status().state).toBe('revoked');
    await Promise.all([one.close(), two.close()]);
  });

  it('leave files that are their owner’s alone', async () => {
    const one = client();
    await one.start();
    await one.close();
    for (const name of await readdir(directory))
      expect([name, (await stat(join(directory, name))).mode & 0o777]).toEqual([name, 0o600]);
    expect(await readdir(directory)).toEqual(expect.arrayContaining(['device.key', 'license.json']));
  });
});

it('a machine that lets nothing be kept costs a warning', async () => {
  const file = join(directory, 'a-file');
  await writeFile(file, '');
  await chmod(file, 0o400);
  const one = client({ directory: join(file, 'state'), hardwareId: 'laptop' });
  const warned: WarningCode[] = [];
  one.on('warning', ({ code }) => void warned.push(code));
  expect((await one.start()).state).toBe('fresh');
  expect(warned).toContain('NOT_SAVED');
  await one.close();
  expect(server.released).toEqual(['seat_1']);
});

it('deactivating gives the seat back and forgets the licence, but not whom it believed', async () => {
  const [one, two] = [client({ anchors: [] }), client({ anchors: [] })];
  await one.start();
  await two.start();
  expect(await one.deactivate()).toBe(true);
  expect(server.released).toEqual(['seat_1']);
  expect(await readdir(directory)).not.toContain('license.json');
  expect(await readdir(directory)).toContain('servers.json');
  await two.close();
});

it('timers of the client keep no program alive', () => {
  const timers: { hasRef?(): boolean }[] = [];
  const usual = globalThis.setTimeout;
  const spy = ((work: () => void, ms: number) => {
    const timer = usual(work, ms);
    timers.push(timer);
    return timer;
  }) as typeof setTimeout;
  globalThis.setTimeout = spy;
  try {
    systemTime.after(60_000, () => undefined)();
    systemTime.after(60_000, () => undefined, { keepAlive: true })();
  } finally {
    globalThis.setTimeout = usual;
  }
  expect(timers.map((timer) => timer.hasRef?.())).toEqual([false, true]);
});
