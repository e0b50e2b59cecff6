import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '../paths.js';
import { execute, failed, type Outcome, passed, type Step } from './step.js';

/**
 * Percent of libs/ that the test run must reach; what journeys make the API and worker processes do is not measured.
 * Two or three below what was measured when they were set: raise them as it grows, never lower them.
 */
export const FLOORS = { lines: 75, statements: 75, functions: 49, branches: 85 } as const;

const Metric = z.object({ total: z.number(), pct: z.union([z.number(), z.literal('Unknown')]) });
const Summary = z.object({
  total: z.object({ lines: Metric, statements: Metric, functions: Metric, branches: Metric }),
});

const summaryFile = join(root, 'coverage', 'coverage-summary.json');

/**
 * Compares what `npm test -- --coverage` has measured with the floors. When the sources have changed since, it runs
 * that first, unless `mayRunTests` is false.
 */
export const coverage = (mayRunTests: boolean): Step => ({
  name: 'coverage',
  async run() {
    if (!isFresh(summaryFile, newest(join(root, 'libs')))) {
      if (!mayRunTests)
        return failed('There is no coverage of these sources: npm test -- --coverage measures it.');
      const { code, output } = await execute(process.execPath, [
        'apps/local/launch.mjs',
        'test',
        '--coverage',
      ]);
      if (code !== 0) return failed(`The tests failed while coverage was measured.\n${lastLines(output)}`);
      if (!existsSync(summaryFile)) return failed(`npm test -- --coverage wrote no ${summaryFile}.`);
    }
    return judge(readFileSync(summaryFile, 'utf8'));
  },
});

/** The verdict on the text of a coverage-summary.json. */
export function judge(summary: string): Outcome {
  const { total } = Summary.parse(JSON.parse(summary));
  if (total.lines.total === 0) return failed('The coverage summary covers nothing: were no tests run?');
  const names = Object.keys(FLOORS) as (keyof typeof FLOORS)[];
  const below = names.filter((name) => Number(total[name].pct) < FLOORS[name]);
  const measured = names.map((name) => `${name} ${total[name].pct} %`).join(', ');
  if (below.length === 0) return passed(measured);
  return failed(
    below.map((name) => `${name}: ${total[name].pct} % is below the floor of ${FLOORS[name]} %.`).join('\n'),
  );
}

function isFresh(file: string, sources: number): boolean {
  return existsSync(file) && statSync(file).mtimeMs >= sources;
}

function newest(directory: string): number {
  const files = readdirSync(directory, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}

const lastLines = (text: string) => text.split('\n').slice(-40).join('\n');
