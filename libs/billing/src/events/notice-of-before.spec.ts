import { NoticeRaised } from './index.js';

describe('a notice that was raised before it said what is left, what is taken back and why', () => {
  it('is one (each became a dead letter, and its mail was never sent)', () => {
    const before = {
      ...{ kind: 'payment_failed', key: 'payment_failed:in_1', plan: 'TEAM', planName: 'Team' },
      ...{ amountDue: 9900, currency: 'usd', trialEnd: null, endsAt: null },
      ...{ restrictsAt: '2026-02-08T00:00:00.000Z', suspendsAt: '2026-02-22T00:00:00.000Z' },
    };
    expect(NoticeRaised.schema.parse(before)).toEqual({
      ...before,
      ...{ access: 'full', amount: null, reason: null, respondBy: null },
    });
  });
});
