import { parse } from 'yaml';
import { z } from 'zod';
import { LICENSE_TYPES, type LicenseType } from '#sdk/formats';
import type { Coupon } from '../domain/coupon.js';
import { type PlanPrice, type PriceList, PRORATIONS, TAX_BEHAVIORS } from '../domain/plan-price.js';
import { TRIAL_DAYS_MAX } from '../domain/trial.js';
import { INTERVALS } from '../events/words.js';

/** Stripe's largest amount has eight digits (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). */
const AMOUNT_MAX = 99_999_999;
const SEATS_MAX = 100_000;
/** Stripe takes no coupon that ends later than in five years (docs.stripe.com/api/coupons/create#create_coupon-redeem_by). */
const UNTIL_MAX_MS = 5 * 365 * 86_400_000;
/** An amount for more uses than that has more decimals than Stripe's twelve leave room for, once it is for one. */
const PER_MAX = 1_000_000;
const INCLUDED_MAX = 1_000_000_000_000;
/** Stripe takes 20 items in one subscription (docs.stripe.com/billing/subscriptions/multiple-products); two are plan and seats. */
const USES_MAX = 18;

const Amounts = z.strictObject({
  month: z.int().min(0).max(AMOUNT_MAX),
  year: z.int().min(0).max(AMOUNT_MAX),
});

const UseTerms = z.strictObject({
  /** Of each `per` uses; by the month and by the year alike. */
  amount: z.int().min(1).max(AMOUNT_MAX),
  per: z
    .int()
    .min(1)
    .max(PER_MAX)
    .refine((per) => /^10*$/.test(String(per)), 'must be a power of ten')
    .default(1),
  /** So many of a billing period cost nothing. */
  included: z.int().min(0).max(INCLUDED_MAX).default(0),
});

const Price = z.union(
  [
    z.literal('custom'),
    z.strictObject({
      ...Amounts.shape,
      /** Of the first subscription of a tenant; 0: none. */
      trialDays: z.int().min(0).max(TRIAL_DAYS_MAX).default(0),
      /** The amounts are for one seat, and seats are bought one by one. */
      perSeat: z.boolean().default(false),
      /** What each seat beyond those of `terms` costs; without it there are no more. */
      extraSeat: Amounts.optional(),
      /** Left out: as many as `terms` give. */
      maxSeats: z.int().min(1).max(SEATS_MAX).optional(),
      /** By meter: what is used costs beside that. */
      usage: z.record(z.string(), UseTerms).default({}),
    }),
  ],
  { error: 'must be custom, or say month and year in the smallest unit of the currency' },
);

/** Stripe's most characters of a coupon's name is 40; nobody types more. */
const CouponName = z.string().regex(/^[A-Z0-9]{1,20}$/, 'must be at most 20 upper-case letters and digits');

const CouponTerms = z.strictObject({
  percentOff: z.number().gt(0).max(100).optional(),
  amountOff: z.int().min(1).max(AMOUNT_MAX).optional(),
  /** Of how many invoices: the first, all, or those of so many months. */
  duration: z.union([z.enum(['once', 'forever']), z.int().min(1).max(60)]),
  plans: z.array(z.enum(LICENSE_TYPES)).min(1).optional(),
  intervals: z.array(z.enum(INTERVALS)).min(1).optional(),
  /** For whoever never had a subscription. */
  isForNew: z.boolean().default(false),
  /** Its last day, in UTC. */
  until: z.iso.date().optional(),
  maxRedemptions: z.int().min(1).optional(),
});

/** Of the file only what a price needs: terms are licensing's, which refuses what is wrong in them. */
const PriceFile = z.looseObject({
  product: z.looseObject({ code: z.string(), name: z.string() }),
  billing: z.strictObject({
    currency: z.string().regex(/^[a-z]{3}$/, 'must be three lower-case letters, like usd'),
    proration: z.enum(PRORATIONS).default('create_prorations'),
    /** Left out: Stripe's own rule for prices that say nothing about it. */
    tax: z
      .strictObject({ behavior: z.enum(TAX_BEHAVIORS), collectIds: z.boolean().default(true) })
      .optional(),
    coupons: z.record(CouponName, CouponTerms).default({}),
  }),
  plans: z.record(
    z.enum(LICENSE_TYPES),
    z.looseObject({
      name: z.string(),
      terms: z.looseObject({
        seats: z.int().nullable().default(1),
        meters: z.record(z.string(), z.looseObject({ billed: z.boolean().default(false) })).default({}),
      }),
      price: Price,
    }),
  ),
});

/**
 * The prices in the text of plans.yaml. `now`, epoch ms: what the days in it may not be too far from; left out: any will do.
 * Throws a sentence that names every fault of it.
 */
export function parsePriceList(text: string, now = Infinity): PriceList {
  const parsed = PriceFile.safeParse(parse(text, { maxAliasCount: 0 }));
  const faults = parsed.error?.issues.flatMap((issue) => faultsOfIssue(issue)) ?? [];
  const plans = Object.entries(parsed.data?.plans ?? {}).map(([tier, plan]) => priceOf(tier, plan));
  const coupons = Object.entries(parsed.data?.billing.coupons ?? {});
  faults.push(
    ...plans.flatMap(faultsOf),
    ...Object.entries(parsed.data?.plans ?? {}).flatMap(faultsOfUsage),
    ...coupons.flatMap((one) => faultsOfCoupon(one, plans, now)),
  );
  if (!parsed.success || faults.length > 0) {
    throw new Error(`The prices of plans are not valid:\n${faults.map((one) => `  ${one}`).join('\n')}`);
  }
  const { product, billing } = parsed.data;
  const billedMeters = billedOf(Object.values(parsed.data.plans));
  return {
    ...{ code: product.code, productName: product.name, plans },
    ...billing,
    tax: billing.tax ?? null,
    billedMeters,
    coupons: coupons.map((one) => couponOf(one, billing.currency)),
  };
}

/** Of what may be one of several things: what is wrong inside the one that it nearly is. */
function faultsOfIssue(issue: z.core.$ZodIssue, at: readonly PropertyKey[] = []): string[] {
  const path = [...at, ...issue.path];
  const inner = issue.code === 'invalid_union' ? issue.errors.find((all) => all.every(isInside)) : undefined;
  if (inner) return inner.flatMap((one) => faultsOfIssue(one, path));
  return [`${path.join('.')}: ${issue.message}`];
}

const isInside = ({ path, code }: z.core.$ZodIssue): boolean =>
  path.length > 0 || code === 'unrecognized_keys';

type CouponInFile = [name: string, terms: z.output<typeof CouponTerms>];

const couponOf = ([name, terms]: CouponInFile, currency: string): Coupon => ({
  name,
  percentOff: terms.percentOff ?? null,
  amountOff: terms.amountOff ?? null,
  currency: terms.amountOff === undefined ? null : currency,
  duration: terms.duration,
  plans: terms.plans ?? null,
  intervals: terms.intervals ?? null,
  isForNew: terms.isForNew,
  until: endOf(terms),
  maxRedemptions: terms.maxRedemptions ?? null,
});

const endOf = ({ until }: CouponInFile[1]): number | null =>
  until === undefined ? null : Date.parse(`${until}T23:59:59.999Z`);

function faultsOfCoupon([name, terms]: CouponInFile, plans: readonly PlanPrice[], now: number): string[] {
  const at = `billing.coupons.${name}`;
  const isOne = (terms.percentOff === undefined) !== (terms.amountOff === undefined);
  const sold = plans.filter((one) => one.kind === 'sold').map((one) => one.tier);
  return [
    ...(isOne ? [] : [`${at}: takes percentOff or amountOff off, one of the two`]),
    ...((endOf(terms) ?? 0) > now + UNTIL_MAX_MS ? [`${at}.until: is more than five years away`] : []),
    ...(terms.plans ?? [])
      .filter((one) => !sold.includes(one))
      .map((one) => `${at}.plans: ${one} is not sold`),
  ];
}

function billedOf(plans: readonly PlanInFile[]): string[] {
  const meters = plans.flatMap(({ terms }) => Object.entries(terms.meters));
  return [...new Set(meters.filter(([, { billed }]) => billed).map(([name]) => name))].sort();
}

type PlanInFile = z.output<typeof PriceFile>['plans'][LicenseType];

function priceOf(tier: string, { name, terms, price }: PlanInFile): PlanPrice {
  const included = terms.seats;
  const own = { tier: tier as LicenseType, name };
  if (price === 'custom') {
    return {
      ...own,
      kind: 'custom',
      amounts: null,
      isPerSeat: false,
      extraSeat: null,
      usage: [],
      seats: { included, min: included ?? 1, max: included },
      trialDays: 0,
    };
  }
  return {
    ...own,
    kind: price.month === 0 && price.year === 0 ? 'free' : 'sold',
    amounts: { month: price.month, year: price.year },
    isPerSeat: price.perSeat,
    extraSeat: price.extraSeat ?? null,
    usage: Object.entries(price.usage).map(([meter, terms]) => ({ meter, ...terms })),
    seats: { included, min: included ?? 1, max: price.maxSeats ?? included },
    trialDays: price.trialDays,
  };
}

function faultsOf({ tier, kind, amounts, seats, isPerSeat, extraSeat }: PlanPrice): string[] {
  const at = `plans.${tier}.price`;
  const faults: string[] = [];
  if (kind === 'sold' && (amounts!.month === 0 || amounts!.year === 0))
    faults.push(`${at}: costs something by the month and nothing by the year, or the other way round`);
  if (kind === 'sold' && seats.included === null)
    faults.push(`${at}: what has no number of seats is sold by contract, custom`);
  if (seats.max !== null && seats.max < seats.min) faults.push(`${at}.maxSeats: is less than terms.seats`);
  if (seats.max !== seats.included && !isPerSeat && !extraSeat)
    faults.push(`${at}.maxSeats: is more than terms.seats, and no extraSeat says what they cost`);
  if (isPerSeat && extraSeat) faults.push(`${at}.extraSeat: every seat has a price already, perSeat`);
  return faults;
}

function faultsOfUsage([tier, { terms, price }]: [tier: string, plan: PlanInFile]): string[] {
  if (price === 'custom') return [];
  const at = `plans.${tier}.price.usage`;
  const meters = Object.keys(price.usage);
  const isFree = price.month === 0 && price.year === 0;
  return [
    ...(isFree && meters.length > 0
      ? [`${at}: is of a plan that costs nothing, and so is billed to nobody`]
      : []),
    ...(meters.length > USES_MAX ? [`${at}: has more than ${USES_MAX} meters`] : []),
    ...meters
      .filter((meter) => !terms.meters[meter]?.billed)
      .map(
        (meter) => `${at}.${meter}: is of a meter that the plan does not bill (terms.meters.${meter}.billed)`,
      ),
  ];
}
