/** A change that Stripe was asked for. */
export interface AskedChange {
  at: Date;
  /** Whether Stripe makes an invoice of it at once. */
  isInvoiced: boolean;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Stripe takes for one subscription 200 changes of a quantity an hour, 10 invoices a minute and 20 a day
 * (docs.stripe.com/rate-limits). A change of ours may touch two quantities, and renewals and people at the dashboard want
 * some, too: what is left of each is theirs.
 */
const LIMITS = [
  { windowMs: HOUR, max: 60, ofInvoices: false },
  { windowMs: MINUTE, max: 5, ofInvoices: true },
  { windowMs: DAY, max: 15, ofInvoices: true },
];

/** Longer than this before, nothing counts; ms. */
export const CHANGES_COUNT_MS = DAY;

/** How long one more change of this subscription has to wait, in ms; 0: not at all. */
export function waitForChange(asked: readonly AskedChange[], isInvoiced: boolean, now: Date): number {
  const waits = LIMITS.filter((one) => isInvoiced || !one.ofInvoices).map(({ windowMs, max, ofInvoices }) => {
    const within = asked
      .filter((one) => one.isInvoiced || !ofInvoices)
      .map((one) => one.at.getTime() + windowMs - now.getTime())
      .filter((left) => left > 0)
      .sort((a, b) => a - b);
    // When so many have left the window that one more fits.
    return within[within.length - max] ?? 0;
  });
  return Math.max(0, ...waits);
}
