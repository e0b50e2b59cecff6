import { existsSync, readFileSync } from 'node:fs';

/** The fields of Jest's --json output that are counted. */
export interface JestResult {
  numPassedTests: number;
  numFailedTests: number;
  /** Suites that could not even be loaded: none of their tests is in the other numbers. */
  numRuntimeErrorTestSuites: number;
}

export interface Tally {
  passed: number;
  failed: number;
}

export function tally(result: JestResult): Tally {
  return { passed: result.numPassedTests, failed: result.numFailedTests + result.numRuntimeErrorTestSuites };
}

/** Undefined when Jest ended before it wrote one. */
export function readResult(file: string): JestResult | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as JestResult) : undefined;
}

/** Jest's own verdict (a coverage floor, say) counts; and a run in which nothing ran has proved nothing. */
export function exitCode(jestCode: number, { passed, failed }: Tally): number {
  if (jestCode !== 0) return jestCode;
  return failed > 0 || passed === 0 ? 1 : 0;
}
