import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from './private-file.js';

/** Between making a lock and writing one's name into it, ms: whoever takes longer was killed there. */
const UNSIGNED_MS = 1000;

export interface LockOptions {
  /** How long to wait for it, ms. Longer than `staleMs`, or a lock of nobody is not outlived. */
  timeoutMs?: number;
  /** A lock older than this is nobody's, ms. What is done under one takes milliseconds. */
  staleMs?: number;
}

/** For work that a server is asked in, ms: it takes longer than a disk. */
export const ACROSS_A_CALL: LockOptions = { staleMs: 30_000, timeoutMs: 40_000 };

/** The lock was held by another process for as long as we could wait. */
export class StateLocked extends Error {
  constructor(path: string, timeoutMs: number) {
    super(
      `Another program holds ${path} for more than ${timeoutMs} ms. If none is running, delete that file.`,
    );
    this.name = 'StateLocked';
  }
}

/** A held lock. `assertHeld` throws when it was taken away, as happens to a process that slept past `staleMs`. */
export interface HeldLock {
  assertHeld(): Promise<void>;
}

/**
 * Runs `work` while no other process, and nobody else in this one, runs work under the same path. A lock whose process
 * has died, or that is older than `staleMs`, is taken over. Throws StateLocked after `timeoutMs`.
 *
 * A file made with O_EXCL, since Node has no flock: that works on every file system, network ones included.
 */
export async function withFileLock<T>(
  path: string,
  work: (lock: HeldLock) => Promise<T>,
  { timeoutMs = 15_000, staleMs = 10_000 }: LockOptions = {},
): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const mark = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() });
  const start = performance.now();
  while (!(await create(path, mark))) {
    if (await removeStale(path, staleMs)) continue;
    if (performance.now() - start > timeoutMs) throw new StateLocked(path, timeoutMs);
    // A file system tells nobody that a file is gone; jitter keeps waiters from asking in step.
    await delay(5 + Math.random() * 20);
  }

  const isHeld = async () => (await readMark(path)) === mark;
  try {
    return await work({
      assertHeld: async () => {
        if (!(await isHeld())) throw new StateLocked(path, staleMs);
      },
    });
  } finally {
    if (await isHeld()) await rm(path, { force: true });
  }
}

async function create(path: string, mark: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(mark);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    // EPERM: on Windows, a file that is just being deleted.
    if (codeOf(error) === 'EEXIST' || (process.platform === 'win32' && codeOf(error) === 'EPERM'))
      return false;
    throw error;
  }
}

/**
 * Removes a stale lock; true when it is worth trying again at once. Two processes that both found it stale must not
 * remove one after the other, or the second would remove the first one's new lock: so they do it under a second lock,
 * and look again there.
 */
async function removeStale(path: string, staleMs: number): Promise<boolean> {
  if (!(await isStale(path, staleMs))) return false;
  const guard = `${path}.takeover`;
  if (!(await create(guard, ''))) {
    // Its maker died within the few instructions below.
    if ((await ageOf(guard)) > staleMs) await rm(guard, { force: true });
    return false;
  }
  try {
    if (await isStale(path, staleMs)) await rm(path, { force: true });
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

async function isStale(path: string, staleMs: number): Promise<boolean> {
  const age = await ageOf(path);
  if (age > staleMs) return true;
  const mark = await readMark(path);
  if (mark === null) return false;
  if (mark === '') return age > UNSIGNED_MS;
  const owner = parseMark(mark);
  return owner !== null && owner.host === hostname() && !isAlive(owner.pid);
}

/** Milliseconds by the machine's clock; 0 when it is gone. A clock that was set back makes a lock no older. */
async function ageOf(path: string): Promise<number> {
  try {
    return Math.max(0, Date.now() - (await stat(path)).mtimeMs);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function readMark(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function parseMark(mark: string): { pid: number; host: string } | null {
  try {
    const { pid, host } = JSON.parse(mark) as { pid?: unknown; host?: unknown };
    return Number.isSafeInteger(pid) && typeof host === 'string' ? { pid: pid as number, host } : null;
  } catch {
    return null;
  }
}

/** Whether a process of this machine runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    return codeOf(error) !== 'ESRCH';
  }
}
