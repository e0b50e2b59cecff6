import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { program } from '../paths.js';
import { ChildFailed, startChild } from '../processes/child.js';
import { forget, watch } from '../processes/guard.js';
import { causeInOutput, Refusal } from '../refusal.js';
import type { Part } from './part.js';

export interface ProductOptions {
  /** The whole environment of the process, PATH included. */
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** Ends what is still starting or running. */
  abort?: AbortSignal;
}

/** Starts the API; PORT=0 picks a free port. `url` is its origin. */
export function startApi(options: ProductOptions): Promise<Part> {
  return startProcess('api', 'The API', 'apps/api/main.js', options);
}

/** Starts the worker; WORKER_PORT=0 picks a free port for its probes, which `url` is. */
export function startWorker(options: ProductOptions): Promise<Part> {
  return startProcess('worker', 'The worker', 'apps/worker/main.js', options);
}

/** Makes roles and database where missing. Repeatable. */
export async function bootstrapDatabase(options: ProductOptions): Promise<void> {
  await runAdmin(['bootstrap'], options);
}

/** Brings the schema up to date. Repeatable. */
export async function migrateDatabase(options: ProductOptions): Promise<void> {
  await runAdmin(['migrate', 'up'], options);
}

/** Runs `gatehouse-admin` and resolves with what it printed. Throws a Refusal with its words when it fails. */
export async function runAdmin(args: string[], { env, logFile, abort }: ProductOptions): Promise<string> {
  const child = spawn(process.execPath, [program('apps/cli/main.js'), ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const onAbort = () => child.kill();
  abort?.addEventListener('abort', onAbort);
  if (child.pid !== undefined) watch(child.pid, 'SIGTERM');
  const [output, complaints, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  abort?.removeEventListener('abort', onAbort);
  if (child.pid !== undefined) forget(child.pid);
  mkdirSync(dirname(logFile), { recursive: true });
  // What `secrets` prints is for the one who asked.
  appendFileSync(logFile, args[0] === 'secrets' ? complaints : `${output}${complaints}`, { mode: 0o600 });
  if (code === 0) return output;
  const said = (complaints.trim() || output.trim()).replace(/^/gm, '  ');
  throw new Refusal(causeInOutput(complaints) ?? `gatehouse-admin ${args.join(' ')} failed:\n${said}`);
}

async function startProcess(
  name: string,
  title: string,
  file: string,
  { env, logFile, abort }: ProductOptions,
): Promise<Part> {
  try {
    const child = await startChild({
      name: title,
      command: process.execPath,
      args: [program(file)],
      env,
      logFile,
      abort,
      ready: 'message',
      stopWithinMs: 30_000, // what is in flight may finish
    });
    return { ...child, name, url: String(child.message.url) };
  } catch (error) {
    if (error instanceof ChildFailed && /EADDRINUSE/.test(error.output))
      throw portInUse(env[name === 'api' ? 'PORT' : 'WORKER_PORT'], name);
    throw error;
  }
}

/** The sentence for a taken port: which one, and how to choose another. */
export function portInUse(port: string | number | undefined, name = 'api'): Refusal {
  const variable = name === 'api' ? 'PORT' : 'WORKER_PORT';
  const other = Number(port) < 65_535 ? Number(port) + 1 : 3000;
  return new Refusal(
    `Port ${port} is in use by another program. Stop that one, or choose another port: ${variable}=${other} npm start`,
  );
}
