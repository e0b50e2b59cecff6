import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Machine, machineHardwareId } from './hardware-id.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-hardware-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const ID = '0123456789abcdef0123456789abcdef';
const UUID = '0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0';
const machine = (told: Partial<Machine> = {}): Machine => ({
  platform: 'linux',
  read: async () => null,
  run: async () => null,
  ...told,
});
const idOf = (told: Partial<Machine>, application = 'acme') =>
  machineHardwareId(application, directory, machine(told));

describe('what a machine is called', () => {
  it.each<[string, Partial<Machine>]>([
    ['Linux', { read: async (path) => (path === '/etc/machine-id' ? `${ID}\n` : null) }],
    ['Linux with D-Bus alone', { read: async (path) => (path.startsWith('/var') ? ID : null) }],
    ['macOS', { platform: 'darwin', run: async () => `  "IOPlatformUUID" = "${UUID}"\n` }],
    ['Windows', { platform: 'win32', run: async () => `    MachineGuid    REG_SZ    ${UUID}\r\n` }],
  ])('comes from %s: stable, another for each application, and not the name itself', async (_, told) => {
    const id = await idOf(told);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await idOf(told)).toBe(id);
    expect(await idOf(told, 'other')).not.toBe(id);
    expect(id).not.toContain(ID);
  });

  it.each([
    ['none', null],
    ['one of a first boot', 'uninitialized\n'],
    ['an empty one', ''],
  ])('is random and kept where the system has %s', async (_, text) => {
    const ids = await Promise.all(Array.from({ length: 4 }, () => idOf({ read: async () => text })));
    expect(new Set(ids).size).toBe(1);
    expect((await stat(join(directory, 'device.id'))).mode & 0o777).toBe(0o600);
    await rm(join(directory, 'device.id'));
    expect(await idOf({ read: async () => text })).not.toBe(ids[0]);
  });

  it('is found on this machine', async () => {
    const id = await machineHardwareId('acme', directory);
    expect(await machineHardwareId('acme', directory)).toBe(id);
  });
});
