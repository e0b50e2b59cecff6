import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
/** No write takes so long, ms. */
const LEFTOVER_MS = 60_000;

/** The text of a file that is its owner's alone, or null when there is none. Closes it to others when it was open. */
export async function readPrivate(path: string): Promise<string | null> {
  try {
    const text = await readFile(path, 'utf8');
    if (process.platform !== 'win32' && (await lstat(path)).mode & 0o077) await chmod(path, FILE_MODE);
    return text;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Replaces a file as a whole: a reader, and a machine that loses power, sees the old text or the new one. Mode 0600 from
 * the first byte on; the directory is made with 0700.
 */
export async function writePrivate(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', FILE_MODE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await replace(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
  await removeLeftovers(path);
}

/** What processes left that were killed while they wrote. */
async function removeLeftovers(path: string): Promise<void> {
  const names = await readdir(dirname(path));
  for (const name of names.filter((one) => one.startsWith(`${basename(path)}.`) && one.endsWith('.tmp'))) {
    const leftover = join(dirname(path), name);
    const written = await lstat(leftover).catch(() => null);
    if (written && Date.now() - written.mtimeMs > LEFTOVER_MS) await rm(leftover, { force: true });
  }
}

/** Windows refuses while a virus scanner or another reader has the target open, for milliseconds. */
async function replace(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const isBusy =
        process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error) ?? '');
      if (!isBusy || attempt === 10) throw error;
      await delay(attempt * 10);
    }
  }
}

/** Makes the rename itself survive a loss of power. Windows cannot open a directory and does not need to. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** ENOENT and its like. Not by instanceof: under Jest, Node's errors are of another realm. */
export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
