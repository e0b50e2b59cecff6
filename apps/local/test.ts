import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runJest, stopped } from './jest-run.js';
import type { Part } from './parts/part.js';
import { dismissWarden, keep, removeAtExit } from './processes/guard.js';
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

await runVerb(() =>
  args.some((arg) => QUESTIONS.includes(arg)) ? runJest({ args, env: process.env, stop }) : main(),
);
await dismissWarden();
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
  const resultFile = join(directory, 'jest.json');
  const code = await runJest({
    args,
    env: testEnvironment(process.env, early),
    stop,
    resultFile,
    parts: running,
  });
  const result = readResult(resultFile);
  if (!result && code > 128) return code;
  const counts = result ? tally(result) : { passed: 0, failed: 0 };
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
  return exitCode(code, counts);
}
