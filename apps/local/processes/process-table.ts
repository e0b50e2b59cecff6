import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The command line of any running process; undefined when there is none (or only a zombie is left). */
export function commandOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || undefined;
    return (
      execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}

/** Ends a process that is not our child and waits until it is gone. */
export async function endProcess(pid: number, signal: NodeJS.Signals, patienceMs = 10_000): Promise<void> {
  const command = commandOf(pid);
  const running = () => command !== undefined && commandOf(pid) === command;
  const deadline = Date.now() + patienceMs;
  send(pid, signal);
  while (running()) {
    if (Date.now() > deadline) send(pid, 'SIGKILL');
    await delay(25);
    if (Date.now() > deadline + 5_000) return;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // already gone, or not ours: the caller looks again
  }
}

const MARKS = ['GATEHOUSE_LOCAL_RUN', 'GATEHOUSE_TEST_RUN'] as const;

/** What every process that is started for a run carries in its environment, so that it can be found again. */
export function runMarks(): Record<string, string> {
  return Object.fromEntries(MARKS.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/**
 * Ends every process that carries this mark: those of a run that was killed together with its warden, or those that a
 * killed test started by itself. Linux only; elsewhere the environment of others cannot be read.
 */
export async function endMarked(name: (typeof MARKS)[number], value: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const marked = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) => environmentOf(entry).includes(`${name}=${value}`));
  await Promise.all(marked.map((pid) => endProcess(Number(pid), 'SIGTERM', 2_000)));
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
