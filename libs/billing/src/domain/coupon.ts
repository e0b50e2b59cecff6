import { createHash } from 'node:crypto';
import { DomainError } from '#platform';
import type { LicenseType } from '#sdk/formats';
import type { Interval } from '../events/words.js';
import type { Offer } from './offer.js';

/** What a coupon takes off, and who may use it: the operator's policy. */
export interface Coupon {
  /** What people type. */
  name: string;
  /** One of the two; `amountOff` in minor units of `currency`. */
  percentOff: number | null;
  amountOff: number | null;
  /** The price list's; null: of a share, which has none. */
  currency: string | null;
  /** Of how many invoices: the first, all, or those of so many months. */
  duration: 'once' | 'forever' | number;
  /** Null: of all that is sold. */
  plans: readonly LicenseType[] | null;
  intervals: readonly Interval[] | null;
  /** For whoever never had a subscription. */
  isForNew: boolean;
  /** The last moment, epoch ms; null: any. */
  until: number | null;
  /** By all tenants together; null: as often as they like. */
  maxRedemptions: number | null;
}

export interface CouponUse {
  offer: Offer;
  /** Whether the tenant never had a subscription. */
  isNew: boolean;
  /** Epoch ms. */
  now: number;
}

/** Why a coupon takes nothing off an offer, whoever has it; null: it does. */
const unfit = ({ plans, intervals }: Coupon, { plan, interval }: Offer): 'plan' | 'interval' | null => {
  if (plans && !plans.includes(plan.tier)) return 'plan';
  return intervals && !intervals.includes(interval) ? 'interval' : null;
};

/** Those among coupons at Stripe, by id, that take nothing off an offer; what is none of ours stays. */
export const unfitIds = (code: string, coupons: readonly Coupon[], offer: Offer): string[] =>
  coupons.filter((one) => unfit(one, offer) !== null).map((one) => couponId(code, one));

/** The coupon of that name, for this purchase. Throws 422 `COUPON_NOT_VALID` with the reason; Stripe counts how often it was used. */
export function couponFor(
  coupons: readonly Coupon[],
  name: string,
  { offer, isNew, now }: CouponUse,
): Coupon {
  const coupon = coupons.find((one) => one.name === name.toUpperCase());
  if (!coupon) throw notValid('unknown');
  if (isOver(coupon, now)) throw notValid('expired');
  const why = unfit(coupon, offer);
  if (why) throw notValid(why);
  if (coupon.isForNew && !isNew) throw notValid('not_new');
  return coupon;
}

/** Whether nobody can use it any more; `now` in epoch ms. */
export const isOver = ({ until }: Coupon, now: number): boolean => until !== null && until < now;

/** Also for whoever Stripe says has come too late: `used_up`. */
export const notValid = (
  reason: 'unknown' | 'expired' | 'plan' | 'interval' | 'not_new' | 'used_up',
): DomainError =>
  new DomainError('invalid', 'COUPON_NOT_VALID', 'This coupon cannot be used for that.', {
    details: { reason },
  });

/** Its id at Stripe. What it takes off cannot be changed there: with other terms it is another one. */
export function couponId(code: string, coupon: Coupon): string {
  const { percentOff, amountOff, currency, duration, until, maxRedemptions } = coupon;
  const terms = JSON.stringify([percentOff, amountOff, currency, duration, until, maxRedemptions]);
  const mark = createHash('sha256').update(terms).digest('hex').slice(0, 8);
  return `${code}_${coupon.name.toLowerCase()}_${mark}`;
}

/** What it takes off an amount, in minor units, rounded as Stripe does; never more than there is. */
export const amountOff = (coupon: Coupon, amount: number): number =>
  coupon.percentOff === null
    ? Math.min(coupon.amountOff ?? 0, amount)
    : Math.round((amount * coupon.percentOff) / 100);
