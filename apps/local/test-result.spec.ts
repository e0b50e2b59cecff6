import { exitCode, tally } from './test-result.js';

describe('the result of a test run', () => {
  it('counts a suite that could not be loaded as failed', () => {
    expect(tally({ numPassedTests: 7, numFailedTests: 1, numRuntimeErrorTestSuites: 2 })).toEqual({
      passed: 7,
      failed: 3,
    });
  });

  it.each([
    ['all passed', 0, { passed: 3, failed: 0 }, 0],
    ['one failed', 1, { passed: 3, failed: 1 }, 1],
    ['a suite failed to load and Jest did not mind', 0, { passed: 3, failed: 1 }, 1],
    ['nothing ran', 0, { passed: 0, failed: 0 }, 1],
    ["Jest's coverage floor", 1, { passed: 3, failed: 0 }, 1],
  ])('%s', (_, jestCode, counts, expected) => {
    expect(exitCode(jestCode, counts)).toBe(expected);
  });
});
