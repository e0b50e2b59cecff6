import { FLOORS, judge } from './coverage.js';

const summary = (pct: Partial<Record<keyof typeof FLOORS, number | 'Unknown'>>, total = 10) =>
  JSON.stringify({
    total: Object.fromEntries(
      Object.keys(FLOORS).map((name) => [name, { total, pct: pct[name as keyof typeof FLOORS] ?? 100 }]),
    ),
  });

describe('the coverage floor', () => {
  it('passes at the floor', () => {
    expect(judge(summary(FLOORS)).ok).toBe(true);
  });

  it.each(Object.keys(FLOORS) as (keyof typeof FLOORS)[])('fails when %s falls below it', (name) => {
    const outcome = judge(summary({ [name]: FLOORS[name] - 0.01 }));
    expect(outcome).toEqual({ ok: false, text: expect.stringContaining(`${name}: `) as string });
  });

  it('fails when nothing was measured', () => {
    expect(judge(summary({ lines: 'Unknown' }, 0)).ok).toBe(false);
  });
});
