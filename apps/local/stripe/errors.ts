/** Refusals as Stripe words them: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes */

export interface ErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error' | 'rate_limit_error';
  code?: string;
  decline_code?: string;
  advice_code?: string;
  message: string;
  param?: string;
  doc_url?: string;
  charge?: string;
  payment_intent?: unknown;
  payment_method?: unknown;
  setup_intent?: unknown;
  payment_method_type?: string;
}

export class StripeRefusal extends Error {
  override name = 'StripeRefusal';
  readonly body: ErrorBody;

  /** `keeps`: what was done before it stays done, as the failed charge of a payment does. */
  constructor(
    readonly status: number,
    body: ErrorBody,
    readonly keeps = false,
  ) {
    super(body.message);
    this.body = body.code
      ? { ...body, doc_url: `https://docs.stripe.com/error-codes/${body.code.replaceAll('_', '-')}` }
      : body;
  }
}

export function invalidRequest(message: string, param?: string, code?: string, status = 400): StripeRefusal {
  return new StripeRefusal(status, {
    type: 'invalid_request_error',
    message,
    ...(param === undefined ? {} : { param }),
    ...(code === undefined ? {} : { code }),
  });
}

/** 404 where the path names it, 400 where a parameter does. */
export function noSuch(noun: string, id: string, param?: string): StripeRefusal {
  const status = param === undefined ? 404 : 400;
  return invalidRequest(`No such ${noun}: '${id}'`, param ?? 'id', 'resource_missing', status);
}

export function rateLimited(message: string, code = 'rate_limit'): StripeRefusal {
  return new StripeRefusal(429, { type: 'invalid_request_error', code, message });
}

export function unauthorized(message: string, code?: string): StripeRefusal {
  return invalidRequest(message, undefined, code, 401);
}

export const DECLINES: Record<string, { code: string; message: string }> = {
  generic_decline: { code: 'card_declined', message: 'Your card was declined.' },
  insufficient_funds: { code: 'card_declined', message: 'Your card has insufficient funds.' },
  lost_card: { code: 'card_declined', message: 'Your card was declined.' },
  stolen_card: { code: 'card_declined', message: 'Your card was declined.' },
  expired_card: { code: 'expired_card', message: 'Your card has expired.' },
  incorrect_cvc: { code: 'incorrect_cvc', message: "Your card's security code is incorrect." },
  processing_error: {
    code: 'processing_error',
    message: 'An error occurred while processing your card. Try again in a little bit.',
  },
  card_velocity_exceeded: {
    code: 'card_declined',
    message:
      'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
  },
  authentication_required: {
    code: 'authentication_required',
    message: 'Your card was declined. This transaction requires authentication.',
  },
};

/** https://docs.stripe.com/declines/codes */
export function declined(declineCode: string, extra: Partial<ErrorBody> = {}): StripeRefusal {
  const { code, message } = DECLINES[declineCode] ?? DECLINES.generic_decline!;
  return new StripeRefusal(
    402,
    { type: 'card_error', code, decline_code: declineCode, message, ...extra },
    true,
  );
}
