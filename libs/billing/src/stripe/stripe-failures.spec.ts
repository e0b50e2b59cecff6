import Stripe from 'stripe';
import { asBillingError, isInUse, isOutage, isRefusal } from './stripe-failures.js';

const { StripeRateLimitError, StripePermissionError, StripeInvalidRequestError } = Stripe.errors;
const raw = (more: object) =>
  ({ message: 'no', type: 'invalid_request_error', statusCode: 429, ...more }) as never;

describe('what a failure of Stripe says (S2-31)', () => {
  it.each([
    ['a locked object', { code: 'lock_timeout' }],
    [
      'a limit of one',
      { code: 'rate_limit', headers: { 'stripe-rate-limited-reason': 'resource-specific' } },
    ],
  ])('of %s: nothing of the others, which it once closed for everybody', (_, more) => {
    const error = new StripeRateLimitError(raw(more));
    expect([isOutage(error), isInUse(error), isRefusal(error)]).toEqual([false, true, false]);
    expect(asBillingError(error)).toMatchObject({ code: 'BILLING_BUSY' });
  });

  it.each([
    {},
    { code: 'rate_limit' },
    { code: 'rate_limit', headers: { 'stripe-rate-limited-reason': 'global-rate' } },
  ])('of too many calls in all: that Stripe is away for a while (%j)', (more) => {
    const error = new StripeRateLimitError(raw(more));
    expect([isOutage(error), isInUse(error), isRefusal(error)]).toEqual([true, false, false]);
    expect(asBillingError(error)).toMatchObject({ code: 'BILLING_UNAVAILABLE' });
  });

  it('of a key that may too little: nothing of what was asked', () => {
    expect(isRefusal(new StripePermissionError(raw({ statusCode: 403 })))).toBe(false);
    expect(isRefusal(new StripeInvalidRequestError(raw({ statusCode: 400 })))).toBe(true);
  });
});
