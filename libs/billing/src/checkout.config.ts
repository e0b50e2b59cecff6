import { configOf, flag, setting } from '#platform';

/** What whoever buys may choose. */
export class CheckoutConfig extends configOf('checkout', {
  isTrialChosen: setting(
    'ALLOW_SIGNUP_TRIAL_OVERRIDE',
    flag(false),
    'Whether the trial_days that a caller names count; else those of the plan do.',
  ),
  takesPromotionCodes: setting(
    'BILLING_PROMOTION_CODES',
    flag(false),
    'Whether the checkout takes promotion codes.',
  ),
  collectsTax: setting(
    'BILLING_AUTOMATIC_TAX',
    flag(false),
    'Whether Stripe computes and collects tax; it has to be set up there first.',
  ),
}) {}
