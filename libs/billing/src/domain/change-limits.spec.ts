import { type AskedChange, waitForChange } from './change-limits.js';

const NOW = new Date('2026-11-23T12:00:00Z');
const ago = (ms: number, isInvoiced = false): AskedChange => ({
  at: new Date(NOW.getTime() - ms),
  isInvoiced,
});
const many = (count: number, everyMs: number, isInvoiced = false) =>
  Array.from({ length: count }, (_, i) => ago((i + 1) * everyMs, isInvoiced));

describe('how often a subscription is changed', () => {
  it('is no matter while there is room', () => {
    expect(waitForChange([], true, NOW)).toBe(0);
    expect(waitForChange(many(59, 1_000), false, NOW)).toBe(0);
    expect(waitForChange(many(500, 3_600_000), false, NOW)).toBe(0);
  });

  it('is sixty times an hour, until the first of them is an hour old', () => {
    expect(waitForChange(many(60, 1_000), false, NOW)).toBe(3_600_000 - 60_000);
    // Of more than fit, one by one leaves the hour.
    expect(waitForChange(many(62, 1_000), false, NOW)).toBe(3_600_000 - 60_000);
  });

  it('is five times a minute and fifteen times a day with an invoice each', () => {
    expect(waitForChange(many(5, 1_000, true), true, NOW)).toBe(55_000);
    expect(waitForChange(many(5, 1_000, true), false, NOW)).toBe(0);
    expect(waitForChange(many(5, 1_000), true, NOW)).toBe(0);
    expect(waitForChange(many(15, 3_600_000, true), true, NOW)).toBe(9 * 3_600_000);
  });
});
