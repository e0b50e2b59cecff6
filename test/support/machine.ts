import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientTime, LicenseClient, type NodeLicenseClientOptions, systemTime } from '#sdk';
import { INHERITED } from './environment.js';

/** A directory for the state of one machine. */
export const stateOf = (name: string) => mkdtempSync(join(tmpdir(), `gatehouse-${name}-`));

/** Of an exchange, ms: what a client on a busy machine is given. */
const TIMEOUT_MS = 20_000;
/** What ending may take, ms; see portable-license-client.ts. */
const CLOSE_MS = 3_000;

/** A clock that can be moved, and waits that do not take minutes; what a call may take stays as it is. */
export class HastyTime implements ClientTime {
  skewMs = 0;
  readonly now = () => Date.now() + this.skewMs;
  readonly random = () => 0.5;
  readonly after: ClientTime['after'] = (ms, work, options) => {
    const isLimit = ms === TIMEOUT_MS || ms === CLOSE_MS;
    return systemTime.after(isLimit ? ms : Math.min(ms, 150), work, options);
  };
}

/** The client of a machine of its own. */
export function machine(name: string, options: Omit<NodeLicenseClientOptions, 'hardwareId'>): LicenseClient {
  return new LicenseClient({
    directory: stateOf(name),
    closesOnEnd: false,
    hardwareId: name,
    timeoutMs: TIMEOUT_MS,
    ...options,
  });
}

/** A program that runs until it is ended. */
export interface Program {
  child: ChildProcess;
  /** Resolves when it has printed this. */
  said(text: string): Promise<void>;
  /** Exit code and signal, once it has ended. */
  ended: Promise<[number | null, string | null]>;
  output(): string;
  complaints(): string;
}

/** Starts a program. Its variables are these and what every child gets. */
export function startProgram(
  program: string,
  args: readonly string[],
  variables: Record<string, string> = {},
): Program {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...INHERITED, ...variables },
  });
  let output = '';
  let complaints = '';
  const waiting = new Set<() => void>();
  const look = () => waiting.forEach((one) => one());
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    look();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
    look();
  });
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!`${output}${complaints}`.includes(text)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
      void ended.then(() =>
        reject(new Error(`It ended without saying ${JSON.stringify(text)}:\n${output}${complaints}`)),
      );
    });
  return { child, said, ended, output: () => output, complaints: () => complaints };
}

/** Starts a JavaScript module that finds `LicenseClient` of the built SDK. */
export function startLicensed(source: string, settings: object): Program {
  const sdk = join(process.cwd(), 'dist', 'libs', 'sdk', 'src', 'index.js');
  const module = `
    const { LicenseClient } = await import(${JSON.stringify(sdk)});
    const client = new LicenseClient(${JSON.stringify(settings)});
    ${source}`;
  return startProgram(process.execPath, ['--input-type=module', '--eval', module]);
}
