import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { StateFile } from '../state/state-file.js';

/** How this machine is asked for its name; tests ask another. */
export interface Machine {
  platform: NodeJS.Platform;
  /** Of a file, else null. */
  read(path: string): Promise<string | null>;
  /** Of a program's output, else null. */
  run(program: string, args: readonly string[]): Promise<string | null>;
}

/** systemd's, and where D-Bus keeps its own (machine-id(5)). */
const LINUX_FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'];
const RUN_MS = 5_000;
const MACHINE_ID = /^[0-9a-f]{32}$/;
const PLATFORM_UUID = /"IOPlatformUUID" = "([0-9A-Fa-f-]{36})"/;
const MACHINE_GUID = /MachineGuid\s+REG_SZ\s+([0-9A-Fa-f-]{36})/;
const RANDOM_ID = /^[0-9a-f]{64}$/;

/**
 * What this machine is called to the server: stable over restarts and updates, different for every application, and
 * telling nothing of the machine. Where the system has no name of its own, as in most containers, a random one is kept in
 * the state directory. Machines cloned with their names are one device: give them a `hardwareId` of their own.
 */
export async function machineHardwareId(
  application: string,
  directory: string,
  machine: Machine = thisMachine,
): Promise<string> {
  const own = await nameOf(machine);
  const name = own ?? (await randomName(directory));
  return createHash('sha256').update(`gatehouse-hardware-v1\0${application}\0${name}`).digest('hex');
}

async function nameOf({ platform, read, run }: Machine): Promise<string | null> {
  switch (platform) {
    case 'darwin': {
      const said = await run('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']);
      return PLATFORM_UUID.exec(said ?? '')?.[1]?.toLowerCase() ?? null;
    }
    case 'win32': {
      const key = 'HKLM\\SOFTWARE\\Microsoft\\Cryptography';
      const said = await run('reg.exe', ['query', key, '/v', 'MachineGuid', '/reg:64']);
      return MACHINE_GUID.exec(said ?? '')?.[1]?.toLowerCase() ?? null;
    }
    default: {
      for (const path of LINUX_FILES) {
        const id = (await read(path))?.trim() ?? '';
        // "uninitialized" on a first boot, and nothing in an image that was meant to be copied.
        if (MACHINE_ID.test(id)) return id;
      }
      return null;
    }
  }
}

async function randomName(directory: string): Promise<string> {
  const file = new StateFile<string>(directory, 'device.id', {
    format: (id) => `${id}\n`,
    parse: (text) => (RANDOM_ID.test(text.trim()) ? text.trim() : null),
  });
  const make = () => randomBytes(32).toString('hex');
  // Two programs that start at once must end up with one; one that may keep nothing is a new device each time.
  return (await file.read()) ?? file.update((current) => current ?? make()).catch(make);
}

const runFile = promisify(execFile);

const thisMachine: Machine = {
  platform: process.platform,
  read: (path) => readFile(path, 'utf8').catch(() => null),
  run: async (program, args) => {
    try {
      return (await runFile(program, [...args], { timeout: RUN_MS, windowsHide: true })).stdout;
    } catch {
      return null;
    }
  },
};
