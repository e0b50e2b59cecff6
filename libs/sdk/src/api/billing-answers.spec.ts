import { readPlans, readPreview } from './billing-answers.js';

const PLAN = {
  ...{ plan: 'TEAM', name: 'Team', kind: 'sold', month: { amount: 9_900, currency: 'usd' }, year: null },
  ...{ extra_seat_month: null, extra_seat_year: null, trial_days: 14 },
  seats: { included: 5, min: 5, max: 100 },
};
const PREVIEW = {
  ...{ amount_due: { amount: 9_900, currency: 'usd' }, tax: null, trial_days: 0, lines: [] },
  due_at: '2026-12-22T09:30:00.000Z',
};
const USE = { meter: 'commands', amount: { amount: 5, currency: 'usd' }, per: 1_000, included: 10_000 };

describe('what uses cost, as a server tells it', () => {
  it('is read of plans and previews', () => {
    expect(readPlans({ data: [{ ...PLAN, usage: [USE] }] })[0]!.usage).toEqual([USE]);
    expect(readPreview({ ...PREVIEW, usage: [USE] }).usage).toEqual([USE]);
  });

  it('is nothing where the server knows no such prices yet', () => {
    expect(readPlans({ data: [PLAN] })[0]).toMatchObject({ plan: 'TEAM', usage: [] });
    expect(readPreview(PREVIEW).usage).toEqual([]);
  });

  it.each([
    ['an amount without a currency', { ...USE, amount: 5 }],
    ['no number of uses', { ...USE, per: undefined }],
    ['half of a use', { ...USE, included: 0.5 }],
  ])('is refused with %s', (_, use) => {
    expect(() => readPlans({ data: [{ ...PLAN, usage: [use] }] })).toThrow();
  });
});
