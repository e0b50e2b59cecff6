import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { watch as watchDirectory } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Part } from './parts/part.js';
import { root, stateDirectory } from './paths.js';
import { forget, watch } from './processes/guard.js';
import type { StopRequests } from './processes/stop-request.js';

const TO_EXIT_MS = 15_000;

export interface JestRun {
  args: string[];
  env: NodeJS.ProcessEnv;
  stop: StopRequests;
  /** Where Jest writes its results; with them written it has to exit soon. */
  resultFile?: string;
  /** The run is over when one of these dies. */
  parts?: Part[];
}

/** Runs Jest in the foreground and resolves with its exit code, or 128 + the signal we were asked to stop with. */
export async function runJest({ args, env, stop, resultFile, parts = [] }: JestRun): Promise<number> {
  const output = resultFile ? ['--json', `--outputFile=${resultFile}`] : [];
  const jest = spawn(process.execPath, [...jestItself(), ...output, ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  watch(jest.pid!, 'SIGTERM');
  const ended = once(jest, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const interruptions = parts.map((part) =>
    part.ended.then((how) => `${part.name} ${how} during the tests.`),
  );
  if (resultFile) interruptions.push(lingering(resultFile, ended));
  const first = await Promise.race([ended, stop.first, ...interruptions]);
  if (typeof first === 'string') await end(jest, ended, stop);
  const [code, signal] = await ended;
  forget(jest.pid!);
  if (typeof first !== 'string') return code ?? stopped(signal!);
  if (first in constants.signals) return stopped(first as NodeJS.Signals);
  process.stderr.write(`${first}\n`);
  return 1;
}

function jestItself(): string[] {
  return [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    // Its default is in the system's temporary directory, where nothing shall be left.
    `--cacheDirectory=${join(stateDirectory, 'jest')}`,
  ];
}

/** Resolves when the results are there and Jest still runs: something a test left open would keep it for ever. */
function lingering(resultFile: string, ended: Promise<unknown>): Promise<string> {
  return new Promise((resolve) => {
    const watcher = watchDirectory(dirname(resultFile), (_, name) => {
      if (name !== basename(resultFile)) return;
      watcher.close();
      const timer = setTimeout(
        () =>
          resolve(
            'Jest was ended: a test left a connection, a timer or a process open. Try --detectOpenHandles.',
          ),
        TO_EXIT_MS,
      );
      void ended.then(() => clearTimeout(timer));
    });
    void ended.then(() => watcher.close());
  });
}

async function end(jest: ChildProcess, ended: Promise<unknown>, stop: StopRequests): Promise<void> {
  jest.kill('SIGTERM');
  const timer = setTimeout(() => jest.kill('SIGKILL'), 5_000);
  await Promise.race([ended, stop.second]);
  clearTimeout(timer);
  jest.kill('SIGKILL');
}

export function stopped(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
