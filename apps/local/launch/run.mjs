import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { Stop } from './stop.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const PARENT_CHECK_MS = 100;

/**
 * Runs dist/apps/local/<verb>.js on Node 24 and resolves with its exit code. Signals are passed on; over the IPC
 * channel the verb notices when we are killed without one.
 */
export async function runVerb(root, node, verb, args) {
  const file = join(root, 'dist', 'apps', 'local', `${verb}.js`);
  if (!existsSync(file)) throw new Stop(`${file} was not built: remove dist and run the command again.`);
  const child = spawn(node, ['--enable-source-maps', file, ...args], {
    cwd: root,
    // Every process that starts again reads its code compiled: a fifth less processor for a start (Node.js 22.1 and later).
    env: { NODE_COMPILE_CACHE: join(root, '.gatehouse', 'compile-cache'), ...process.env },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const forward = (signal) => void child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  const watching = watchNpm(() => child.kill('SIGHUP'));
  const [code, signal] = await new Promise((resolve) => {
    child.once('error', (error) => resolve([error.message]));
    child.once('exit', (...ending) => resolve(ending));
  });
  clearInterval(watching);
  if (typeof code === 'string') throw new Stop(`${node} could not be started: ${code}`);
  return code ?? 128 + constants.signals[signal];
}

/** npm passes SIGINT and SIGTERM on, but when npm itself is killed nobody tells us. */
function watchNpm(onGone) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, PARENT_CHECK_MS);
  return timer;
}
