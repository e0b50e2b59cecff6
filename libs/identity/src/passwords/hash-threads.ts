import { readdirSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const TASKS = '/proc/self/task';
/** As Node.js 24 calls the threads of libuv's pool, where argon2id is computed. */
const POOL_THREAD = 'libuv-worker';

/** The threads of libuv's pool; none before its first work, and where the system does not show threads as files. */
export function poolThreads(): number[] {
  try {
    return readdirSync(TASKS)
      .filter((id) => readFileSync(`${TASKS}/${id}/comm`, 'utf8').trim() === POOL_THREAD)
      .map(Number);
  } catch {
    return [];
  }
}

/**
 * Lets hashes give way to whoever only asks: on Linux each thread has a priority of its own (setpriority(2), notes).
 * Gives how many threads have it now; elsewhere 0, and the cores that hashes leave free have to do.
 */
export function lowerPoolThreads(): number {
  const threads = poolThreads();
  for (const id of threads) setPriority(id, constants.priority.PRIORITY_BELOW_NORMAL);
  return threads.length;
}
