import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Part } from './parts/part.js';
import { root } from './paths.js';
import { forget, keep, removeAtExit, watch } from './processes/guard.js';
import { endMarked } from './processes/process-table.js';
import { stopRequests } from './processes/stop-request.js';
import { runVerb } from './refusal.js';
import { testEnvironment } from './test-environment.js';
import { startTestParts } from './test-parts.js';
import { exitCode, readResult, tally } from './test-result.js';

/** Jest's questions about itself need no parts. */
const QUESTIONS = ['--help', '-h', '--version', '--listTests', '--showConfig', '--clearCache'];

const stop = stopRequests();
const args = process.argv.slice(2).filter((arg) => arg !== '--use-external');

await runVerb(() => (args.some((arg) => QUESTIONS.includes(arg)) ? runJest(process.env, []) : main()));
process.exit();

async function main(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-test-'));
  removeAtExit(directory);
  chmodSync(directory, 0o711); // PostgreSQL may run as another user than we do
  const running: Part[] = [];
  try {
    return await testWithParts(directory, running);
  } finally {
    await Promise.all(running.map((part) => part.stop()));
    await endMarked('GATEHOUSE_TEST_RUN', directory);
    rmSync(directory, { recursive: true, force: true });
    keep(directory);
  }
}

async function testWithParts(directory: string, running: Part[]): Promise<number> {
  const starting = startTestParts(directory, process.env, process.argv, running);
  const early = await Promise.race([starting, stop.first]);
  if (typeof early === 'string') {
    await starting.catch(() => {}); // so that nothing starts after we stopped what was running
    return stopped(early);
  }
  const file = join(directory, 'jest.json');
  const code = await runJest(testEnvironment(process.env, early), ['--json', `--outputFile=${file}`], running);
  const result = readResult(file);
  if (!result && code > 128) return code; // interrupted
  const counts = result ? tally(result) : { passed: 0, failed: 0 };
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
  return exitCode(code, counts);
}

/** Runs Jest in the foreground; Ctrl-C ends it, and so does the death of a part. */
async function runJest(env: NodeJS.ProcessEnv, more: string[], parts: Part[] = []): Promise<number> {
  const jest = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      `--cacheDirectory=${join(root, '.gatehouse', 'jest')}`, // not in the system's temporary directory: nothing is left there
      ...more,
      ...args,
    ],
    { cwd: root, env, stdio: 'inherit' },
  );
  watch(jest.pid!, 'SIGTERM');
  const ended = once(jest, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const died = Promise.race(parts.map((part) => part.ended.then((how) => `${part.name} ${how} during the tests.`)));
  const interruption = await Promise.race([ended, stop.first, ...(parts.length > 0 ? [died] : [])]);
  if (typeof interruption === 'string') await endJest(jest, ended);
  const [code] = await ended;
  forget(jest.pid!);
  if (typeof interruption !== 'string') return code ?? 1;
  if (interruption.startsWith('SIG')) return stopped(interruption as NodeJS.Signals);
  process.stderr.write(`${interruption}\n`);
  return 1;
}

async function endJest(jest: ChildProcess, ended: Promise<unknown>): Promise<void> {
  jest.kill('SIGTERM');
  const timer = setTimeout(() => jest.kill('SIGKILL'), 5_000);
  await Promise.race([ended, stop.second]);
  clearTimeout(timer);
  jest.kill('SIGKILL');
}

function stopped(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
