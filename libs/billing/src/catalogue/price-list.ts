import { parse } from 'yaml';
import { z } from 'zod';
import { LICENSE_TYPES, type LicenseType } from '#sdk/formats';
import { type PlanPrice, type PriceList, PRORATIONS } from '../domain/plan-price.js';

/** Stripe's largest amount has eight digits (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). */
const AMOUNT_MAX = 99_999_999;
const SEATS_MAX = 100_000;
/** docs.stripe.com/billing/subscriptions/trials: a trial is at most two years long. */
const TRIAL_DAYS_MAX = 730;

const Amounts = z.strictObject({
  month: z.int().min(0).max(AMOUNT_MAX),
  year: z.int().min(0).max(AMOUNT_MAX),
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
    }),
  ],
  { error: 'must be custom, or say month and year in the smallest unit of the currency' },
);

/** Of the file only what a price needs: terms are licensing's, which refuses what is wrong in them. */
const PriceFile = z.looseObject({
  product: z.looseObject({ code: z.string(), name: z.string() }),
  billing: z.strictObject({
    currency: z.string().regex(/^[a-z]{3}$/, 'must be three lower-case letters, like usd'),
    proration: z.enum(PRORATIONS).default('create_prorations'),
  }),
  plans: z.record(
    z.enum(LICENSE_TYPES),
    z.looseObject({
      name: z.string(),
      terms: z.looseObject({ seats: z.int().nullable().default(1) }),
      price: Price,
    }),
  ),
});

/** The prices in the text of plans.yaml. Throws a sentence that names every fault of it. */
export function parsePriceList(text: string): PriceList {
  const parsed = PriceFile.safeParse(parse(text, { maxAliasCount: 0 }));
  const faults = parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];
  const plans = Object.entries(parsed.data?.plans ?? {}).map(([tier, plan]) => priceOf(tier, plan));
  faults.push(...plans.flatMap(faultsOf));
  if (!parsed.success || faults.length > 0) {
    throw new Error(`The prices of plans are not valid:\n${faults.map((one) => `  ${one}`).join('\n')}`);
  }
  const { product, billing } = parsed.data;
  return { code: product.code, productName: product.name, ...billing, plans };
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
