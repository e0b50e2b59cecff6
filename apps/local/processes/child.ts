import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { causeInOutput, Refusal, sentenceFor } from '../refusal.js';
import { forget, watch } from './guard.js';
import { runMarks } from './process-table.js';

export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  logFile: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  user?: { uid: number; gid: number };
  /** Written to its stdin, which is then closed. */
  input?: string;
  /** A line it prints once it serves, or 'message' for our own programs, which say `{ type: 'ready', ... }` over IPC. */
  ready: RegExp | 'message';
  readyWithinMs?: number;
  /** Ends it while it is not ready yet. */
  abort?: AbortSignal;
  /** The signal that stops it gracefully, and how long that may take before SIGKILL. */
  stopSignal?: NodeJS.Signals;
  stopWithinMs?: number;
}

export interface Child {
  pid: number;
  logFile: string;
  /** What it said when it became ready; empty for those that only print. */
  message: Record<string, unknown>;
  /** Resolves when it is gone, with how it ended in words. Never rejects. */
  ended: Promise<string>;
  stop(): Promise<void>;
  /** SIGKILL, at once. */
  kill(): Promise<void>;
}

/** It ended, or said nothing, before it was ready. `output` is the end of its log. */
export class ChildFailed extends Refusal {
  constructor(
    readonly child: string,
    how: string,
    readonly output: string,
    logFile: string,
  ) {
    super(
      causeInOutput(output) ?? `${child} did not start: it ${how}.\n${indent(output)}\nIts log: ${logFile}`,
    );
  }
}

/** Starts a process in its own process group, logged to a file, and resolves when it is ready. Throws ChildFailed. */
export async function startChild(spec: ChildSpec): Promise<Child> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const stopSignal = spec.stopSignal ?? 'SIGTERM';
  const log = openSync(spec.logFile, 'w', 0o600);
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: { ...(spec.env ?? process.env), ...runMarks() },
    detached: true,
    stdio: stdio(spec, log),
    ...spec.user,
  });
  const pid = child.pid;
  if (pid !== undefined) watch(pid, stopSignal);

  let reason: string | undefined;
  let over = pid === undefined;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    // Not 'close': a descendant that keeps the pipe open must not hide the death of the process.
    child.once('exit', (code, killedBy) => {
      over = true;
      if (pid !== undefined) forget(pid);
      resolve(reason ?? (killedBy ? `was ended by ${killedBy}` : `exited with code ${code}`));
    });
  });

  const kill = async () => {
    // Once it is over its pid may be somebody else's.
    if (!over) signal(-pid!, 'SIGKILL');
    await within(10_000, ended);
  };
  const stop = async () => {
    if (!over) signal(pid!, stopSignal);
    if ((await within(spec.stopWithinMs ?? 15_000, ended)) === undefined) await kill();
  };

  if (spec.input !== undefined) child.stdin?.on('error', () => {}).end(spec.input);
  const onLogError = (error: unknown) => {
    reason ??= `cannot write its log. ${sentenceFor(error)}`;
    void stop();
  };
  const ready = spec.ready === 'message' ? firstMessage(child) : firstLine(child, spec, log, onLogError);
  if (spec.ready === 'message') closeSync(log);

  const onAbort = () => void kill();
  spec.abort?.addEventListener('abort', onAbort);
  if (spec.abort?.aborted) onAbort();
  const limit = spec.readyWithinMs ?? 120_000;
  const first = await within(limit, Promise.race([ready, ended]));
  spec.abort?.removeEventListener('abort', onAbort);
  if (typeof first !== 'object') {
    const how = first ?? `was not ready after ${limit / 1000} s`;
    await kill();
    await within(500, closed); // the rest of what it printed
    throw new ChildFailed(spec.name, how, tail(spec.logFile), spec.logFile);
  }
  release(child);
  return { pid: pid!, logFile: spec.logFile, message: first, ended, stop, kill };
}

/** It does not keep us alive: a test that forgot it must not keep Jest from ending. The warden does not forget. */
function release(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  for (const stream of [child.stdout, child.stderr] as (Socket | null)[]) stream?.unref();
}

function stdio(spec: ChildSpec, log: number): StdioOptions {
  const input = spec.input === undefined ? 'ignore' : 'pipe';
  // Our own programs log a line per request: those go straight to the file, not through us.
  return spec.ready === 'message' ? [input, log, log, 'ipc'] : [input, 'pipe', 'pipe'];
}

function firstMessage(child: ChildProcess): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (typeof message === 'object' && message && 'type' in message && message.type === 'ready') {
        resolve(message as Record<string, unknown>);
      }
    });
  });
}

function firstLine(
  child: ChildProcess,
  spec: ChildSpec,
  log: number,
  onLogError: (error: unknown) => void,
): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    let seen = '';
    const read = (chunk: Buffer) => {
      try {
        writeSync(log, chunk); // a few lines a day; in the file before anybody asks why it died
      } catch (error) {
        onLogError(error);
      }
      seen = (seen + chunk.toString('utf8')).slice(-4096);
      if ((spec.ready as RegExp).test(seen)) resolve({});
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('close', () => closeSync(log));
  });
}

/** The promise's value, or undefined when it takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function signal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch {
    // already gone
  }
}

function tail(file: string, lines = 15): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
