import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 200;
/** A lock without an owner: its maker was killed between two system calls. */
const ORPHAN_MS = 5_000;

/**
 * Runs `work` while no other launcher of this clone does. The lock is a directory (made atomically on every file
 * system) with its owner in it; the lock of a dead owner is taken over. `onWait` is called once when we have to wait.
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
  writeFileSync(join(path, 'owner'), `${process.pid} ${startOf(process.pid)}`);
  return true;
}

function isStale(path) {
  const owner = read(() => readFileSync(join(path, 'owner'), 'utf8'));
  if (!owner) {
    const madeAt = read(() => statSync(path).mtimeMs);
    return madeAt !== undefined && Date.now() - madeAt > ORPHAN_MS;
  }
  const [pid, start] = owner.split(' ');
  try {
    process.kill(Number(pid), 0);
    return startOf(pid) !== start;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** When the process began, in the kernel's ticks: in a restarted container its pid soon belongs to another. */
function startOf(pid) {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat ? stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] : '';
}

function read(value) {
  try {
    return value();
  } catch {
    return undefined;
  }
}
