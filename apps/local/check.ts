import { constants } from 'node:os';
import { coverage } from './check/coverage.js';
import { envFiles } from './check/env-files.js';
import { fixtures } from './check/fixtures.js';
import { openapi } from './check/openapi.js';
import { secrets } from './check/secrets.js';
import { type Outcome, type Step, failed, tool } from './check/step.js';
import { stopRequests } from './processes/stop-request.js';
import { runVerb, sentenceFor } from './refusal.js';

/** Short ones, two at a time. */
const STEPS: readonly Step[] = [
  tool('lint', 'eslint', ['.', '--max-warnings', '0']),
  tool('types', 'tsc', ['--noEmit']),
  tool('format', 'prettier', ['--check', '.', '--log-level', 'warn']),
  tool('boundaries', 'depcruise', [
    '--config',
    '.dependency-cruiser.mjs',
    'apps',
    'libs',
    'migrations',
    'test',
  ]),
  tool('unused code', 'knip', ['--no-progress', '--no-config-hints']),
  openapi,
  fixtures,
  secrets,
  envFiles,
];

const stop = stopRequests();
await runVerb(async () => {
  const ended = await Promise.race([main(), stop.first]);
  return typeof ended === 'string' ? 128 + constants.signals[ended] : ended;
});
process.exit();

async function main(): Promise<number> {
  const waiting = [...STEPS];
  const outcomes: Outcome[] = [];
  const takeTurns = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) outcomes.push(await report(step));
  };
  await Promise.all([takeTurns(), takeTurns()]);
  // Alone: it may have to run the tests, which use every core.
  outcomes.push(await report(coverage(!process.argv.includes('--no-tests'))));

  const bad = outcomes.filter((one) => !one.ok).length;
  process.stdout.write(`${outcomes.length - bad} passed, ${bad} failed\n`);
  return bad === 0 ? 0 : 1;
}

async function report(step: Step): Promise<Outcome> {
  const start = performance.now();
  const outcome = await step.run().catch((error: unknown) => failed(sentenceFor(error)));
  const time = `${((performance.now() - start) / 1000).toFixed(1)} s`.padStart(8);
  const remark = outcome.ok && outcome.text ? `  ${outcome.text}` : '';
  process.stdout.write(`${outcome.ok ? 'ok    ' : 'FAILED'}  ${step.name.padEnd(12)}${time}${remark}\n`);
  if (!outcome.ok) process.stdout.write(`${outcome.text.replace(/^/gm, '    ')}\n`);
  return outcome;
}
