/**
 * A tiny program beside every process that starts parts. It reads commands from stdin, and when stdin closes (its
 * parent ended, however violently) it stops what is still listed, newest first, so nothing outlives a kill -9.
 *
 *   watch <pid> <signal>    forget <pid>    remove <path>    keep <path>
 */
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 25;
const PATIENCE_MS = 8_000;

const watched = new Map<number, NodeJS.Signals>();
const doomed = new Set<string>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

createInterface({ input: process.stdin })
  .on('line', obey)
  .on('close', () => void sweep());

function obey(line: string): void {
  const [verb, value, signal] = split(line);
  if (verb === 'watch') watched.set(Number(value), (signal ?? 'SIGTERM') as NodeJS.Signals);
  if (verb === 'forget') watched.delete(Number(value));
  if (verb === 'remove') doomed.add(value);
  if (verb === 'keep') doomed.delete(value);
}

function split(line: string): [string, string, string?] {
  const space = line.indexOf(' ');
  const verb = line.slice(0, space);
  const rest = line.slice(space + 1);
  if (verb !== 'watch') return [verb, rest];
  const [pid = '', signal] = rest.split(' ');
  return [verb, pid, signal];
}

async function sweep(): Promise<void> {
  for (const [pid, signal] of [...watched].reverse()) await end(pid, signal);
  for (const path of doomed) rmSync(path, { recursive: true, force: true });
}

async function end(pid: number, signal: NodeJS.Signals): Promise<void> {
  send(pid, signal);
  for (let waited = 0; waited < PATIENCE_MS && isRunning(pid); waited += POLL_MS) await delay(POLL_MS);
  // Every part leads its own process group; its descendants go with it.
  send(-pid, 'SIGKILL');
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  if (!send(pid, 0)) return false;
  try {
    // A zombie nobody reaps (a container without an init) answers signals for ever.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}
