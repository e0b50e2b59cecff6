import type { Step } from './dunning.js';
import { noticesOf } from './notices.js';
import { NOTHING, type Standing } from './standing.js';

const standing = (state: Standing['state'], more: Partial<Standing> = {}): Standing => ({
  ...NOTHING,
  state,
  subscriptionId: 'sub_1',
  ...more,
});
const owing = (state: Step): Standing =>
  standing(state, {
    dunning: state,
    unpaid: { invoiceId: 'in_1', since: 0, amountDue: 9_900, currency: 'usd' },
  });
const disputed = (status: string, isOpen = true) => ({
  refunds: [],
  disputes: [
    { id: 'du_1', status, isOpen, reason: 'fraudulent', amount: 9_900, currency: 'usd', respondBy: 5 },
  ],
});
const refunded = (amount: number) => ({
  refunds: [{ chargeId: 'ch_1', amount, currency: 'usd' }],
  disputes: [],
});
const none = { refunds: [], disputes: [] };
const active = (takenBack: Standing['takenBack'], ...reasons: string[]) =>
  standing('active', { takenBack, reasons });
const told = (before: Standing, after: Standing) => noticesOf(before, after).map((one) => one.key);

describe('what people are told of a subscription', () => {
  it('is that they have it, however it stands when it is first seen', () => {
    expect(told(NOTHING, standing('trial'))).toEqual(['subscribed:sub_1']);
    expect(told(NOTHING, standing('ending', { endsAt: 5 }))).toEqual(['subscribed:sub_1', 'ending:sub_1:5']);
    expect(told(NOTHING, owing('grace'))).toEqual(['subscribed:sub_1', 'payment_failed:in_1']);
  });

  it('is that they have it once the first payment has come', () => {
    expect(told(NOTHING, standing('pending'))).toEqual([]);
    expect(told(standing('pending'), standing('active'))).toEqual(['subscribed:sub_1']);
  });

  it('is the same under the same key, when they have it back', () => {
    const back = told(owing('restricted'), standing('active'));
    expect(back).toEqual(['subscribed:sub_1', 'recovered:in_1']);
    expect(told(owing('grace'), standing('active'))).toEqual(['recovered:in_1']);
    expect(told(standing('trial'), standing('active'))).toEqual([]);
  });

  it('is that it ends, also where it was cancelled while something was not paid yet', () => {
    const late = { ...owing('grace'), endsAt: 5 };
    const ending = standing('ending', { endsAt: 5 });
    expect(told(late, ending)).toEqual(['recovered:in_1', 'ending:sub_1:5']);
    expect(told(ending, ending)).toEqual([]);
  });

  it('is the end of a contract by itself, whatever subscription has ended before it', () => {
    const over = standing('cancelled', { endsAt: 1 });
    expect(told(standing('active'), over)).toEqual(['cancelled:sub_1']);
    const contract: Standing = { ...NOTHING, state: 'contract', endsAt: 7 };
    // When it ended, not when it was to: it may be agreed again until then.
    expect(told(contract, { ...over, endsAt: 6 })).toEqual(['cancelled:6']);
    expect(told(contract, { ...NOTHING, state: 'cancelled', endsAt: 7 })).toEqual(['cancelled:7']);
  });
});

describe('what people are told of what is taken back', () => {
  it('is each refund, by what it comes to', () => {
    expect(told(active(none), active(refunded(100)))).toEqual(['refunded:ch_1:100']);
    expect(told(active(refunded(100)), active(refunded(9_900)))).toEqual(['refunded:ch_1:9900']);
    expect(told(active(refunded(100)), active(refunded(100)))).toEqual([]);
    // A refund that failed gives back less.
    expect(told(active(refunded(9_900)), active(refunded(100)))).toEqual([]);
  });

  it('is a question of a bank, the dispute it becomes, and how it is decided', () => {
    const walk = [
      ...[active(none), active(disputed('warning_needs_response')), active(disputed('needs_response'))],
      ...[active(disputed('under_review')), active(disputed('lost', false))],
    ];
    expect(walk.slice(1).map((after, i) => told(walk[i]!, after))).toEqual([
      ['disputed:du_1:inquiry'],
      ['disputed:du_1'],
      // The same key: nobody hears it again.
      ['disputed:du_1'],
      ['dispute_closed:du_1:lost'],
    ]);
  });

  it('is nothing of before we first looked, unless it can be answered or something follows from it', () => {
    expect(told(active(null), active(refunded(9_900)))).toEqual([]);
    expect(told(active(null), active(disputed('won', false)))).toEqual([]);
    expect(told(active(null), active(disputed('needs_response')))).toEqual(['disputed:du_1']);
    expect(told(active(null), active(refunded(9_900), 'refunded'))).toEqual(['refunded:ch_1:9900']);
    expect(told(active(null), active(disputed('lost', false), 'disputed'))).toEqual([
      'dispute_closed:du_1:lost',
    ]);
  });

  it('is no word of not paying, and that all is back once the next period is paid', () => {
    const withheld = standing('restricted', { takenBack: refunded(9_900), reasons: ['refunded'] });
    expect(told(active(none), withheld)).toEqual(['refunded:ch_1:9900']);
    const paid = standing('active', { takenBack: refunded(9_900), periodEnd: 7 });
    expect(told(withheld, paid)).toEqual(['subscribed:sub_1', 'recovered:sub_1:7']);
  });
});
