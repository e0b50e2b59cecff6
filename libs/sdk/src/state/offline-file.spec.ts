import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OfflineState } from '../offline-state.js';
import { offlineFile } from './offline-file.js';

const DEVICE = 'ab'.repeat(32);
const STATE: OfflineState = {
  leaseToken: 'a.b.c',
  keySets: [],
  clockOffset: 0,
  highWater: 1000,
  seat: null,
  sessionId: null,
  ledger: { seeds: [], pending: [{ meter: 'commands', amount: 7, dayEnds: null, idempotencyKey: null }] },
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-lease-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));
const read = async (device = DEVICE) => (await offlineFile(directory, device)).read();

describe('the cached lease (S1-46)', () => {
  beforeEach(async () => (await offlineFile(directory, DEVICE)).write(STATE));

  it('is there after a restart, for its owner alone', async () => {
    expect(await read()).toEqual(STATE);
    for (const name of ['license.json', 'device.key']) {
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('counts as absent when its counter was changed by hand, and is kept aside', async () => {
    const path = join(directory, 'license.json');
    const text = await readFile(path, 'utf8');
    const changed = text.replace('\\"amount\\":7', '\\"amount\\":0');
    expect(changed).not.toBe(text);
    await writeFile(path, changed);
    expect(await read()).toBeNull();
    expect(await readFile(`${path}.broken`, 'utf8')).toBe(changed);
  });

  it('counts as absent on another device', async () => {
    expect(await read('cd'.repeat(32))).toBeNull();
  });

  it('counts as absent without its secret, and with a broken one', async () => {
    await writeFile(join(directory, 'device.key'), 'short');
    expect(await read()).toBeNull();
    expect(await readFile(join(directory, 'device.key'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
  });
});

it('programs that start at once agree on one secret', async () => {
  const files = await Promise.all(Array.from({ length: 6 }, () => offlineFile(directory, DEVICE)));
  await files[0]!.write(STATE);
  for (const file of files) expect(await file.read()).toEqual(STATE);
});
