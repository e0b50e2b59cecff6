import { parsePriceList } from '../catalogue/price-list.js';
import { amountOff, couponFor, couponId, unfitIds } from './coupon.js';
import { offerOf } from './offer.js';

const text = (coupons: string, currency = 'usd') => `
product: { code: acme, name: Acme }
billing:
  currency: ${currency}
  coupons:
    ${coupons}
plans:
  FREE: { name: Free, price: { month: 0, year: 0 }, terms: { seats: 1 } }
  PRO: { name: Pro, price: { month: 4900, year: 49000 }, terms: { seats: 1 } }
  TEAM: { name: Team, price: { month: 9900, year: 99000 }, terms: { seats: 5 } }
  ENTERPRISE: { name: Enterprise, price: custom, terms: { seats: null } }`;
const list = parsePriceList(
  text(`LAUNCH: { percentOff: 20, duration: once, plans: [TEAM], intervals: [year], isForNew: true, until: '2026-12-31' }
    FIVE: { amountOff: 500, duration: 3 }`),
);
const [launch, five] = [list.coupons[0]!, list.coupons[1]!];
const NOW = Date.parse('2026-12-31T23:59:00Z');
const offer = (plan: 'PRO' | 'TEAM', interval: 'month' | 'year') => offerOf(list, { plan, interval });
const use = (more: object = {}) => ({ offer: offer('TEAM', 'year'), isNew: true, now: NOW, ...more });
const reason = (name: string, more: object = {}) => {
  try {
    return couponFor(list.coupons, name, use(more)).name;
  } catch (error) {
    return (error as { details: { reason: string } }).details.reason;
  }
};

describe('a coupon', () => {
  it('is for whom and what its operator says, however it is typed, until the end of its last day', () => {
    expect(reason('launch')).toBe('LAUNCH');
    expect(reason('LAUNCH', { offer: offer('PRO', 'year') })).toBe('plan');
    expect(reason('LAUNCH', { offer: offer('TEAM', 'month') })).toBe('interval');
    expect(reason('LAUNCH', { isNew: false })).toBe('not_new');
    expect(reason('LAUNCH', { now: NOW + 60_000 })).toBe('expired');
    expect(reason('LUNCH')).toBe('unknown');
    expect(reason('FIVE', { offer: offer('PRO', 'month'), isNew: false })).toBe('FIVE');
  });

  it('ends with a change to what it is not for', () => {
    const unfit = (...of: Parameters<typeof offer>) => unfitIds('acme', list.coupons, offer(...of));
    expect(unfit('TEAM', 'year')).toEqual([]);
    expect(unfit('TEAM', 'month')).toEqual([couponId('acme', launch)]);
    expect(unfit('PRO', 'year')).toEqual([couponId('acme', launch)]);
  });

  it('takes off a share or an amount, and never more than there is', () => {
    expect([amountOff(launch, 99_000), amountOff(launch, 99)]).toEqual([19_800, 20]);
    expect([amountOff(five, 4_900), amountOff(five, 300)]).toEqual([500, 300]);
  });

  it('is another one at Stripe when it takes off something else', () => {
    expect(couponId('acme', launch)).toMatch(/^acme_launch_[0-9a-f]{8}$/);
    expect(couponId('acme', { ...launch, plans: null })).toBe(couponId('acme', launch));
    expect(couponId('acme', { ...launch, percentOff: 25 })).not.toBe(couponId('acme', launch));
  });

  it('is another one in another currency, where it takes off an amount', () => {
    const euros = parsePriceList(text('FIVE: { amountOff: 500, duration: 3 }', 'eur')).coupons[0]!;
    expect(couponId('acme', euros)).not.toBe(couponId('acme', five));
    const share = (currency: string) =>
      couponId('acme', parsePriceList(text('A: { percentOff: 5, duration: once }', currency)).coupons[0]!);
    expect(share('eur')).toBe(share('usd'));
  });

  it('ends within five years, as Stripe wants it, seen from the day on which the file is read', () => {
    const read = (until: string) =>
      parsePriceList(text(`A: { percentOff: 5, duration: once, until: ${until} }`), NOW);
    expect(() => read('2031-12-31')).toThrow('billing.coupons.A.until: is more than five years away');
    expect(read('2031-12-29').coupons).toHaveLength(1);
    expect(read('2020-01-01').coupons).toHaveLength(1);
  });

  it('is refused in the file when it says two things, nothing, or what nobody sells', () => {
    for (const [terms, fault] of [
      ['A: { duration: once }', 'percentOff or amountOff'],
      ['A: { percentOff: 5, amountOff: 5, duration: once }', 'percentOff or amountOff'],
      ['A: { percentOff: 101, duration: once }', 'percentOff'],
      ['A: { percentOff: 5, duration: 0 }', 'duration'],
      ['A: { percentOff: 5, duration: once, plans: [FREE] }', 'FREE is not sold'],
      ['lower: { percentOff: 5, duration: once }', 'coupons.lower'],
    ] as const)
      expect(() => parsePriceList(text(terms))).toThrow(fault);
  });
});
