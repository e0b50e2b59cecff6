import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stateDirectory } from '../paths.js';
import { onPath } from './programs.js';

const run = promisify(execFile);

/** A program of Debian's or Ubuntu's, as it is to stand below .gatehouse. */
export interface DebianProgram {
  /** Its directory there. */
  name: string;
  packages: readonly string[];
  /** Adds what the packages alone do not have to the directory they were unpacked in. */
  prepare: (unpacked: string) => void;
  /** Throws as long as the program does not load: libraries that this machine lacks are then fetched. */
  tryOut: (unpacked: string) => Promise<unknown>;
}

/** A line of sh that lets the programs of `$here` find the libraries there; their directories differ by architecture. */
export const LIBRARIES_OF_HERE = `for lib in "$here"/usr/lib/*-linux-gnu* "$here"/lib/*-linux-gnu* "$here"/usr/lib/*-linux-gnu*/pulseaudio; do
  [ -d "$lib" ] && LD_LIBRARY_PATH="$lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH`;

/** Whether this machine has what {@link fetchFromDebian} works with. */
export const hasDebianPackages = (): boolean =>
  process.platform === 'linux' && Boolean(onPath('apt-get') && onPath('dpkg'));

export const homeOf = (name: string): string => join(stateDirectory, name);

/**
 * Downloads packages of the distribution and the libraries this machine lacks, and unpacks them under .gatehouse.
 * Nothing is installed, no package list of the system changes, no root is needed. Throws what apt-get complained of.
 */
export async function fetchFromDebian(program: DebianProgram): Promise<void> {
  mkdirSync(stateDirectory, { recursive: true });
  const work = mkdtempSync(`${homeOf(program.name)}.new-`);
  try {
    const unpacked = join(work, 'root');
    mkdirSync(unpacked);
    program.prepare(unpacked);
    await fetchPackages(program, work, unpacked);
    moveIntoPlace(unpacked, homeOf(program.name));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function fetchPackages(program: DebianProgram, work: string, unpacked: string): Promise<void> {
  try {
    await fetchWithLibraries(program, [], work, unpacked);
  } catch {
    // The system's package lists are missing, as in every container image, or old: use lists of our own.
    const apt = privateLists(work);
    await run('apt-get', [...apt, '-qq', 'update']);
    await fetchWithLibraries(program, apt, work, unpacked);
  }
}

/** Fetches the program, then, as long as it does not load, the libraries that the packages so far depend on. */
async function fetchWithLibraries(
  { packages, tryOut }: DebianProgram,
  apt: string[],
  work: string,
  unpacked: string,
): Promise<void> {
  let wanted = [...packages];
  const fetched = new Set<string>();
  for (;;) {
    for (const name of wanted) fetched.add(name);
    await download(apt, wanted, work, unpacked);
    const failure = await tryOut(unpacked).then(
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
  rmSync(debs, { recursive: true });
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

/** Two commands may both get here: the first one wins, the other's copy is thrown away. */
function moveIntoPlace(unpacked: string, home: string): void {
  try {
    renameSync(unpacked, home);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}
