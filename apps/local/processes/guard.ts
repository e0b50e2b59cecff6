import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { program } from '../paths.js';

let warden: ChildProcess | undefined;

/** Makes sure that this process is stopped with `signal` should ours end without doing it. */
export function watch(pid: number, signal: NodeJS.Signals): void {
  tell(`watch ${pid} ${signal}`);
}

export function forget(pid: number): void {
  tell(`forget ${pid}`);
}

/** Makes sure that this file or directory is gone once our process has ended. */
export function removeAtExit(path: string): void {
  tell(`remove ${path}`);
}

export function keep(path: string): void {
  tell(`keep ${path}`);
}

/** At our own orderly end: it does what is left, and is not left itself where nobody reaps orphans. */
export async function dismissWarden(): Promise<void> {
  if (warden === undefined || warden.exitCode !== null) return;
  const ended = once(warden, 'exit');
  warden.ref();
  warden.stdin?.end();
  await ended;
}

function tell(line: string): void {
  warden ??= startWarden();
  warden.stdin?.write(`${line}\n`);
}

function startWarden(): ChildProcess {
  const child = spawn(process.execPath, [program('apps/local/processes/warden.js')], {
    cwd: '/',
    detached: true,
    env: { PATH: process.env.PATH },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  (child.stdin as Writable & { unref?(): void }).unref?.();
  return child;
}
