import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stateDirectory } from '../paths.js';
import { causeInOutput, Refusal } from '../refusal.js';

const run = promisify(execFile);

const home = join(stateDirectory, 'redis-server');
const wrapper = join('bin', 'redis-server');

/** The library directories differ by architecture: usr/lib/x86_64-linux-gnu, usr/lib/aarch64-linux-gnu. */
const WRAPPER = `#!/bin/sh
here=$(cd "$(dirname "$0")/.." && pwd)
for lib in "$here"/usr/lib/*-linux-gnu* "$here"/lib/*-linux-gnu*; do
  [ -d "$lib" ] && LD_LIBRARY_PATH="$lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
exec "$here/usr/bin/redis-server" "$@"
`;

export function unpackedRedisServer(): string | undefined {
  const server = join(home, wrapper);
  return existsSync(server) ? server : undefined;
}

/**
 * Downloads Debian's or Ubuntu's redis-server and the libraries this machine lacks, and unpacks them under .gatehouse.
 * Nothing is installed, no package list of the system changes, no root is needed.
 */
export async function fetchRedisFromDebian(): Promise<string> {
  mkdirSync(stateDirectory, { recursive: true });
  process.stdout.write('Fetching Redis from the distribution, once ...\n');
  const work = mkdtempSync(join(stateDirectory, 'redis-server.new-'));
  try {
    const unpacked = join(work, 'root');
    mkdirSync(join(unpacked, 'bin'), { recursive: true });
    writeFileSync(join(unpacked, wrapper), WRAPPER, { mode: 0o755 });
    await fetchPackages(work, unpacked);
    moveIntoPlace(unpacked);
    return join(home, wrapper);
  } catch (error) {
    throw explained(error as Error & { stderr?: string });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function fetchPackages(work: string, unpacked: string): Promise<void> {
  try {
    await fetchWithLibraries([], work, unpacked);
  } catch {
    // The system's package lists are missing, as in every container image, or old: use lists of our own.
    const apt = privateLists(work);
    await run('apt-get', [...apt, '-qq', 'update']);
    await fetchWithLibraries(apt, work, unpacked);
  }
}

/** Fetches the server, then, as long as it does not load, the libraries that the packages so far depend on. */
async function fetchWithLibraries(apt: string[], work: string, unpacked: string): Promise<void> {
  let wanted = ['redis-server', 'redis-tools']; // the binary is in redis-tools
  const fetched = new Set<string>();
  for (;;) {
    for (const name of wanted) fetched.add(name);
    await download(apt, wanted, work, unpacked);
    const failure = await run(join(unpacked, wrapper), ['--version']).then(
      () => undefined,
      (error: Error) => error,
    );
    if (!failure) return;
    wanted = await missingLibraries(apt, wanted, fetched);
    if (wanted.length === 0) throw failure;
  }
}

async function download(apt: string[], packages: string[], work: string, unpacked: string): Promise<void> {
  const debs = mkdtempSync(join(work, 'debs-'));
  // Sandbox user: apt as root would fetch as _apt, who cannot write below a private directory.
  await run('apt-get', [...apt, '-o', 'APT::Sandbox::User=root', '-qq', 'download', ...packages], {
    cwd: debs,
  });
  for (const deb of readdirSync(debs)) await run('dpkg', ['-x', join(debs, deb), unpacked]);
}

async function missingLibraries(apt: string[], packages: string[], fetched: Set<string>): Promise<string[]> {
  const { stdout } = await run('apt-cache', [...apt, 'depends', '--important', ...packages]);
  const names = [...stdout.matchAll(/^ +(?:Pre)?Depends: (lib[^\s<>]+)$/gm)].map((match) => match[1]!);
  const missing: string[] = [];
  for (const name of new Set(names)) if (!fetched.has(name) && !(await isInstalled(name))) missing.push(name);
  return missing;
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    const { stdout } = await run('dpkg-query', ['-W', '-f', '${Status}', name]);
    return stdout.includes('install ok installed');
  } catch {
    return false;
  }
}

function privateLists(work: string): string[] {
  const state = join(work, 'apt');
  mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
  const settings = {
    'Dir::State': state,
    'Dir::State::Lists': join(state, 'lists'),
    'Dir::State::Status': '/var/lib/dpkg/status',
    'Dir::Cache': join(work, 'cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  mkdirSync(settings['Dir::Cache']);
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** `npm start` and `npm test` may both get here: the first one wins, the other's copy is thrown away. */
function moveIntoPlace(unpacked: string): void {
  try {
    renameSync(unpacked, home);
  } catch (error) {
    if (!unpackedRedisServer()) throw error;
  }
}

function explained(error: Error & { stderr?: string }): Error {
  const output = error.stderr ?? error.message;
  return new Refusal(
    causeInOutput(output) ??
      `Redis is missing and could not be fetched from the distribution. Check the network, or install it ` +
        `(sudo apt-get install redis-server), or set REDIS_URL to a Redis of your own.\n${output.trim()}`,
  );
}
