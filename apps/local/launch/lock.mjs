import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 200;
/** A lock without an owner's pid: its maker was killed between two system calls. */
const ORPHAN_MS = 5_000;

/**
 * Runs `work` while no other launcher of this clone does. The lock is a directory (made atomically on every file
 * system) with its owner's pid; the lock of a dead owner is taken over. `onWait` is called once when we have to wait.
 */
export async function withLock(path, work, onWait) {
  let waiting = false;
  while (!acquire(path)) {
    if (isStale(path)) {
      rmSync(path, { recursive: true, force: true });
      continue;
    }
    if (!waiting) onWait?.();
    waiting = true;
    await delay(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

function acquire(path) {
  try {
    mkdirSync(path);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(path, 'pid'), String(process.pid));
  return true;
}

function isStale(path) {
  const owner = read(() => Number(readFileSync(join(path, 'pid'), 'utf8')));
  if (!owner) {
    const madeAt = read(() => statSync(path).mtimeMs);
    return madeAt !== undefined && Date.now() - madeAt > ORPHAN_MS;
  }
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function read(value) {
  try {
    return value();
  } catch {
    return undefined;
  }
}
