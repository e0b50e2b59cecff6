import type Stripe from 'stripe';
import { z } from 'zod';
import type { Books } from '../books.js';
import { addInterval, DAY } from '../clock.js';
import { invalidRequest } from '../errors.js';
import {
  flag,
  integer,
  listParamsOf,
  mergeMetadata,
  metadata,
  oneOf,
  paramsOf,
  part,
  positive,
  text,
  unset,
} from '../form.js';
import type { Kinds } from '../kinds.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';

type Coupon = Kinds['coupon'];
type Discount = Kinds['discount'];

const CreateCoupon = paramsOf<Stripe.CouponCreateParams>()({
  amount_off: positive().optional(),
  currency: text(3).optional(),
  duration: oneOf('forever', 'once', 'repeating').optional(),
  duration_in_months: positive().optional(),
  id: text(200).optional(),
  max_redemptions: positive().optional(),
  metadata: metadata().optional(),
  name: text(40).optional(),
  percent_off: z
    .union([z.number(), z.string().regex(/^[\d.]{1,12}$/)])
    .transform(Number)
    .pipe(z.number().gt(0).max(100))
    .optional(),
  redeem_by: integer().optional(),
});

const LONGEST = 5 * 366 * DAY;

/** https://docs.stripe.com/api/coupons/object */
function createCoupon(books: Books, given: z.output<typeof CreateCoupon>): Coupon {
  if ((given.percent_off === undefined) === (given.amount_off === undefined))
    throw invalidRequest('Must provide percent_off or amount_off, and not both.', 'percent_off');
  if (given.amount_off !== undefined && given.currency === undefined)
    throw invalidRequest('You must pass currency when passing amount_off', 'currency', 'parameter_missing');
  const duration = given.duration ?? 'once';
  if ((duration === 'repeating') !== (given.duration_in_months !== undefined))
    throw invalidRequest(
      'You must pass duration_in_months when passing duration=repeating, and only then.',
      'duration_in_months',
    );
  if (given.redeem_by !== undefined && given.redeem_by > books.now() + LONGEST)
    throw invalidRequest('Invalid timestamp: can be no more than five years in the future', 'redeem_by');
  const id = given.id ?? newId('', 8).slice(1);
  if (books.store.get('coupon', id))
    throw invalidRequest('Coupon already exists.', 'id', 'resource_already_exists');
  return books.add<'coupon'>(
    {
      id,
      object: 'coupon',
      amount_off: given.amount_off ?? null,
      created: books.now(),
      currency: given.currency ?? null,
      duration,
      duration_in_months: given.duration_in_months ?? null,
      livemode: false,
      max_redemptions: given.max_redemptions ?? null,
      metadata: mergeMetadata({}, given.metadata),
      name: given.name ?? null,
      percent_off: given.percent_off ?? null,
      redeem_by: given.redeem_by ?? null,
      times_redeemed: 0,
      valid: true,
    },
    'coupon.created',
  );
}

export const DiscountsInput = unset(
  z.array(
    part({ coupon: text().optional(), discount: text().optional(), promotion_code: text().optional() }),
  ),
);
type DiscountsInput = z.output<typeof DiscountsInput>;

/** Redeems what is given for a subscription. Throws for a coupon or code that is not valid any more. */
export function redeem(
  books: Books,
  given: DiscountsInput | undefined,
  owner: { customer: string; subscription: string; kept?: string[] },
): string[] {
  return (given ?? []).map(({ coupon, promotion_code, discount }) => {
    if (discount !== undefined) {
      if (!owner.kept?.includes(discount))
        throw invalidRequest(`No such discount: '${discount}'`, 'discounts', 'resource_missing');
      return discount;
    }
    const code = promotion_code === undefined ? undefined : usableCode(books, promotion_code, owner.customer);
    const id = code?.promotion.coupon ?? coupon;
    if (!id)
      throw invalidRequest('Each discount needs a coupon, a promotion code or a discount.', 'discounts');
    const found = books.need('coupon', id, 'discounts[0][coupon]');
    return createDiscount(books, usable(books, found), owner, code?.id ?? null).id;
  });
}

/** Throws `coupon_expired` (docs.stripe.com/error-codes) for one that nobody can use any more. */
export function mustBeUsable(books: Books, coupon: Coupon): void {
  const exhausted = coupon.max_redemptions !== null && coupon.times_redeemed >= coupon.max_redemptions;
  const late = coupon.redeem_by !== null && coupon.redeem_by < books.now();
  if (!coupon.valid || exhausted || late)
    throw invalidRequest(`Coupon expired: ${coupon.id}`, 'coupon', 'coupon_expired');
}

function usable(books: Books, coupon: Coupon): Coupon {
  mustBeUsable(books, coupon);
  const redeemed = coupon.times_redeemed + 1;
  return books.change<'coupon'>(coupon, {
    times_redeemed: redeemed,
    valid: coupon.max_redemptions === null || redeemed < coupon.max_redemptions,
  });
}

function usableCode(books: Books, id: string, customer: string): Kinds['promotion_code'] {
  const code = books.need('promotion_code', id, 'discounts[0][promotion_code]');
  const late = code.expires_at !== null && code.expires_at < books.now();
  const exhausted = code.max_redemptions !== null && code.times_redeemed >= code.max_redemptions;
  if (!code.active || late || exhausted || (code.customer !== null && code.customer !== customer))
    throw invalidRequest(
      'This promotion code cannot be redeemed because it is expired, inactive or not for this customer.',
      'discounts[0][promotion_code]',
    );
  return books.change<'promotion_code'>(code, { times_redeemed: code.times_redeemed + 1 });
}

/** https://docs.stripe.com/api/discounts/object */
function createDiscount(
  books: Books,
  coupon: Coupon,
  { customer, subscription }: { customer: string; subscription: string },
  promotionCode: string | null,
): Discount {
  const start = books.now(customer);
  const months = coupon.duration === 'repeating' ? coupon.duration_in_months : null;
  return books.add<'discount'>(
    {
      id: newId('di'),
      object: 'discount',
      checkout_session: null,
      customer,
      customer_account: null,
      end: months === null ? null : addInterval(start, 'month', months),
      invoice: null,
      invoice_item: null,
      promotion_code: promotionCode,
      source: { coupon: coupon.id, type: 'coupon' },
      start,
      subscription,
      subscription_item: null,
    },
    'customer.discount.created',
  );
}

/** What a discount takes off an amount, in minor units; never more than there is. */
export function amountOff(books: Books, discountId: string, amount: number): number {
  const coupon = couponOf(books, discountId);
  if (!coupon) return 0;
  if (coupon.percent_off !== null) return Math.round((amount * coupon.percent_off) / 100);
  return Math.min(coupon.amount_off ?? 0, Math.max(0, amount));
}

export function couponOf(books: Books, discountId: string): Coupon | undefined {
  return books.store.get('coupon', books.store.get('discount', discountId)?.source.coupon ?? '');
}

const CreateCode = paramsOf<Stripe.PromotionCodeCreateParams>()({
  active: flag().optional(),
  code: text(500).optional(),
  customer: text().optional(),
  expires_at: integer().optional(),
  max_redemptions: positive().optional(),
  metadata: metadata().optional(),
  promotion: part({ type: oneOf('coupon'), coupon: text() }),
});

/** https://docs.stripe.com/api/promotion_codes/object */
function createCode(books: Books, given: z.output<typeof CreateCode>): Kinds['promotion_code'] {
  const coupon = books.need('coupon', given.promotion.coupon, 'promotion[coupon]');
  const code = given.code ?? newId('', 8).slice(1).toUpperCase();
  const same = books.store
    .all('promotion_code')
    .find((one) => one.active && one.code.toLowerCase() === code.toLowerCase());
  if (same)
    throw invalidRequest(
      `An active promotion code with \`code: ${code}\` already exists.`,
      'code',
      'resource_already_exists',
    );
  return books.add<'promotion_code'>(
    {
      id: newId('promo'),
      object: 'promotion_code',
      active: given.active ?? true,
      code,
      created: books.now(),
      customer: given.customer ?? null,
      customer_account: null,
      expires_at: given.expires_at ?? null,
      livemode: false,
      max_redemptions: given.max_redemptions ?? null,
      metadata: mergeMetadata({}, given.metadata),
      promotion: { type: 'coupon', coupon: coupon.id },
      restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
      times_redeemed: 0,
    },
    'promotion_code.created',
  );
}

export const coupons = [
  endpoint('POST', '/v1/coupons', CreateCoupon, createCoupon),
  endpoint('GET', '/v1/coupons', listParamsOf<Stripe.CouponListParams>()({}), (books, params) =>
    pageOf('/v1/coupons', books.store.all('coupon'), params),
  ),
  endpoint('GET', '/v1/coupons/:id', paramsOf<Stripe.CouponRetrieveParams>()({}), (books, _, id) =>
    books.need('coupon', id),
  ),
  endpoint(
    'POST',
    '/v1/coupons/:id',
    paramsOf<Stripe.CouponUpdateParams>()({ metadata: metadata().optional(), name: text(40).optional() }),
    (books, { metadata: given, name }, id) => {
      const coupon = books.need('coupon', id);
      return books.change<'coupon'>(
        coupon,
        { metadata: mergeMetadata(coupon.metadata ?? {}, given), ...(name === undefined ? {} : { name }) },
        'coupon.updated',
      );
    },
  ),
  endpoint('DELETE', '/v1/coupons/:id', paramsOf<Stripe.CouponDeleteParams>()({}), (books, _, id) => {
    books.emit('coupon.deleted', books.need('coupon', id));
    return books.store.bury('coupon', id);
  }),
  endpoint('POST', '/v1/promotion_codes', CreateCode, createCode),
  endpoint(
    'GET',
    '/v1/promotion_codes',
    listParamsOf<Stripe.PromotionCodeListParams>()({
      active: flag().optional(),
      code: text().optional(),
      coupon: text().optional(),
    }),
    (books, params) =>
      pageOf(
        '/v1/promotion_codes',
        books.store
          .all('promotion_code')
          .filter((one) => params.active === undefined || one.active === params.active)
          .filter((one) => params.code === undefined || one.code.toLowerCase() === params.code.toLowerCase())
          .filter((one) => params.coupon === undefined || one.promotion.coupon === params.coupon),
        params,
      ),
  ),
  endpoint(
    'GET',
    '/v1/promotion_codes/:id',
    paramsOf<Stripe.PromotionCodeRetrieveParams>()({}),
    (books, _, id) => books.need('promotion_code', id),
  ),
  endpoint(
    'POST',
    '/v1/promotion_codes/:id',
    paramsOf<Stripe.PromotionCodeUpdateParams>()({
      active: flag().optional(),
      metadata: metadata().optional(),
    }),
    (books, { active, metadata: given }, id) => {
      const code = books.need('promotion_code', id);
      return books.change<'promotion_code'>(
        code,
        { metadata: mergeMetadata(code.metadata ?? {}, given), ...(active === undefined ? {} : { active }) },
        'promotion_code.updated',
      );
    },
  ),
];
