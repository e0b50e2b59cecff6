import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Refusal } from '../refusal.js';
import { hasDebianPackages } from './debian-packages.js';
import { onPath } from './programs.js';
import { fetchRedisFromDebian, unpackedRedisServer } from './redis-from-debian.js';

const run = promisify(execFile);

/** BullMQ's own minimum. Valkey began at 7.2. */
const OLDEST = [6, 2] as const;

/**
 * The path of a Redis or Valkey server: on the PATH, else the one unpacked before, else, on Debian and Ubuntu, fetched
 * with apt-get and unpacked under .gatehouse. Throws a Refusal that says what to install.
 */
export async function findRedisServer(): Promise<string> {
  for (const name of ['redis-server', 'valkey-server']) {
    const found = onPath(name);
    if (found && (await isNewEnough(found))) return found;
  }
  const unpacked = unpackedRedisServer();
  if (unpacked) return unpacked;
  if (hasDebianPackages()) return fetchRedisFromDebian();
  throw new Refusal(`Redis is missing: ${advice()}, or set REDIS_URL to a Redis of your own.`);
}

async function isNewEnough(server: string): Promise<boolean> {
  try {
    const { stdout } = await run(server, ['--version']);
    return supports(stdout);
  } catch {
    return false;
  }
}

/** Reads `Redis server v=7.0.15 sha=...` and `Valkey server v=8.0.1 ...`. */
export function supports(version: string): boolean {
  const [, major = 0, minor = 0] = (/v=(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

function advice(): string {
  if (process.platform === 'darwin') return 'brew install redis';
  if (process.platform === 'win32') return 'use WSL, where Gatehouse installs it by itself';
  if (onPath('dnf')) return 'sudo dnf install valkey (or redis)';
  if (onPath('apk')) return 'apk add redis (or valkey)';
  if (onPath('pacman')) return 'sudo pacman -S valkey';
  if (onPath('zypper')) return 'sudo zypper install redis';
  return 'install Redis 6.2 or later, or Valkey, so that redis-server is on the PATH';
}
