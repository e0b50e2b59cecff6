import { trialEndUnder } from './trial.js';

const DAY = 86_400;
const START = 1_800_000_000;
const under = (days: number, { before = 14, length = 14, passed = 1 } = {}) => {
  const trial = { plan: { trialDays: before }, start: START, end: START + length * DAY };
  return trialEndUnder({ trialDays: days }, trial, START + passed * DAY);
};

describe('a trial under another plan', () => {
  it('ends when that of the plan would have, and at once where that is over or there is none (S2-06)', () => {
    expect([under(14), under(30)]).toEqual([undefined, undefined]);
    expect(under(7)).toBe(START + 7 * DAY);
    expect([under(7, { passed: 8 }), under(0)]).toEqual(['now', 'now']);
  });

  it('is left alone where somebody has made it longer, or there is none', () => {
    expect(under(7, { length: 30 })).toBeUndefined();
    const none = { plan: { trialDays: 14 }, start: null, end: null };
    expect(trialEndUnder({ trialDays: 0 }, none, START)).toBeUndefined();
  });
});
