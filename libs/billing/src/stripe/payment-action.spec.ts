import { asBillingError, isPersonWanted } from './stripe-failures.js';

/** An error as the library throws it. */
const failure = (type: string, statusCode: number, code?: string, decline?: string) =>
  Object.assign(new Error('as Stripe says'), { type, statusCode, code, decline_code: decline });

describe('a payment that a bank wants confirmed (S2-31)', () => {
  it.each<[string, number, string, string | undefined]>([
    ['StripeCardError', 402, 'subscription_payment_intent_requires_action', ''],
    ['StripeCardError', 402, 'invoice_payment_intent_requires_action', ''],
    ['StripeCardError', 402, 'authentication_required', 'authentication_required'],
    ['StripeCardError', 402, 'card_declined', 'authentication_required'],
    ['StripeInvalidRequestError', 400, 'subscription_payment_intent_requires_action', undefined],
  ])('is no declined card: %s %s %s %s', (type, status, code, decline) => {
    const given = failure(type, status, code, decline);
    expect(isPersonWanted(given)).toBe(true);
    expect(asBillingError(given)).toMatchObject({
      ...{ kind: 'invalid', code: 'PAYMENT_ACTION_REQUIRED', details: { url: null } },
    });
  });

  it('is none where the card is declined', () => {
    const declined = failure('StripeCardError', 402, 'card_declined', 'insufficient_funds');
    expect(isPersonWanted(declined)).toBe(false);
    expect(asBillingError(declined)).toMatchObject({
      ...{ code: 'CARD_DECLINED', details: { reason: 'insufficient_funds' } },
    });
  });
});
