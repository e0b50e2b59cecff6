import { retryWait } from './retry-wait.js';

const WAITS = { retryMs: 1_000, retryMaxMs: 3_600_000 };

describe('retryWait', () => {
  it.each([
    [1, 1_000],
    [2, 3_000],
    [5, 81_000],
    [9, 3_600_000],
    [1_000, 3_600_000],
  ])('waits after attempt %i at most %i ms and at least half of that', (attempts, ms) => {
    expect(retryWait(attempts, WAITS, 1)).toBe(ms);
    expect(retryWait(attempts, WAITS, 0)).toBe(ms / 2);
  });

  it('spreads twelve attempts over about four hours', () => {
    const waits = Array.from({ length: 11 }, (_, index) => retryWait(index + 1, WAITS, 1));
    const hours = waits.reduce((sum, ms) => sum + ms, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(3.5);
    expect(hours).toBeLessThan(4.5);
  });
});
