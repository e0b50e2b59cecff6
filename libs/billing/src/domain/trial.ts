/** docs.stripe.com/billing/subscriptions/trials: a trial is at most two years long. */
export const TRIAL_DAYS_MAX = 730;

export interface TrialWishes {
  /** A tenant has one trial. */
  isUsed: boolean;
  /** Whether the operator lets callers choose. */
  isChosen: boolean;
  /** With this request, and when they signed up; the first that is there counts. */
  wished: readonly (number | null | undefined)[];
}

const DAY = 86_400;

/**
 * When a trial has to end that goes on under another plan, in seconds or now; undefined: when it would. Who takes a plan
 * whose trial is shorter has had that much of it already; a trial that somebody made longer than the plan's is left alone.
 */
export function trialEndUnder(
  plan: { trialDays: number },
  { plan: before, start, end }: { plan: { trialDays: number }; start: number | null; end: number | null },
  now: number,
): number | 'now' | undefined {
  if (start === null || end === null || end - start > before.trialDays * DAY) return undefined;
  const due = start + plan.trialDays * DAY;
  if (due >= end) return undefined;
  return due > now ? due : 'now';
}

/** Days of the trial with which a plan begins: its own, or those that were wished for where that counts (S2-06, C49). */
export function trialDaysOf(plan: { trialDays: number }, { isUsed, isChosen, wished }: TrialWishes): number {
  if (isUsed) return 0;
  const days = isChosen ? wished.find((one) => typeof one === 'number') : undefined;
  return Math.min(days ?? plan.trialDays, TRIAL_DAYS_MAX);
}
