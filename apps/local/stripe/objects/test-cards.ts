/** https://docs.stripe.com/testing: the cards a developer may type, and the names that stand for them. */
export interface TestCard {
  number: string;
  brand: string;
  /** Refused already when it is given to a customer. */
  attach?: string;
  /** Refused at every payment. */
  pay?: string;
  /** `always` needs a person at every payment, `setup` only until it was once authenticated. */
  authentication?: 'always' | 'setup';
  /** Every payment is disputed. */
  dispute?: string;
}

const CARDS: Record<string, TestCard> = {
  visa: { number: '4242424242424242', brand: 'visa' },
  visa_debit: { number: '4000056655665556', brand: 'visa' },
  mastercard: { number: '5555555555554444', brand: 'mastercard' },
  amex: { number: '378282246310005', brand: 'amex' },
  chargeDeclined: declinedBy('4000000000000002', 'generic_decline'),
  chargeDeclinedInsufficientFunds: declinedBy('4000000000009995', 'insufficient_funds'),
  chargeDeclinedLostCard: declinedBy('4000000000009987', 'lost_card'),
  chargeDeclinedStolenCard: declinedBy('4000000000009979', 'stolen_card'),
  chargeDeclinedExpiredCard: declinedBy('4000000000000069', 'expired_card'),
  chargeDeclinedIncorrectCvc: declinedBy('4000000000000127', 'incorrect_cvc'),
  chargeDeclinedProcessingError: declinedBy('4000000000000119', 'processing_error'),
  chargeDeclinedVelocityLimitExceeded: declinedBy('4000000000006975', 'card_velocity_exceeded'),
  chargeCustomerFail: { number: '4000000000000341', brand: 'visa', pay: 'generic_decline' },
  authenticationRequired: { number: '4000002760003184', brand: 'visa', authentication: 'always' },
  authenticationRequiredOnSetup: { number: '4000002500003155', brand: 'visa', authentication: 'setup' },
  authenticationRequiredSetupForOffSession: { number: '4000003800000446', brand: 'visa' },
  authenticationRequiredChargeDeclinedInsufficientFunds: {
    ...{ number: '4000008260003178', brand: 'visa', authentication: 'always', pay: 'insufficient_funds' },
  },
  createDispute: { number: '4000000000000259', brand: 'visa', dispute: 'fraudulent' },
  createDisputeProductNotReceived: {
    number: '4000000000002685',
    brand: 'visa',
    dispute: 'product_not_received',
  },
};

function declinedBy(number: string, code: string): TestCard {
  return { number, brand: 'visa', attach: code, pay: code };
}

/** The card behind a name like pm_card_visa, pm_card_visa_chargeDeclined or tok_visa; undefined for any other text. */
export function namedCard(name: string): { key: string; card: TestCard } | undefined {
  const key = /^(?:pm_card|tok)_(?:visa_(?=charge))?(\w+)$/.exec(name)?.[1];
  const card = key === undefined ? undefined : CARDS[key];
  return card && key !== undefined ? { key, card } : undefined;
}

export function cardOf(key: string | undefined): TestCard {
  return CARDS[key ?? 'visa'] ?? CARDS.visa!;
}

/** The card with this number, spaces aside. Any other number that passes Luhn's check declines in test mode. */
export function numberedCard(typed: string): { key: string; card: TestCard } | undefined {
  const number = typed.replaceAll(/[\s-]/g, '');
  const found = Object.entries(CARDS).find(([, card]) => card.number === number);
  return found && { key: found[0], card: found[1] };
}

/** For the checkout page: what a person may pick. */
export const PICKABLE: { key: string; label: string }[] = [
  { key: 'visa', label: 'Visa 4242: pays' },
  { key: 'chargeDeclined', label: 'Visa 0002: declined' },
  { key: 'chargeDeclinedInsufficientFunds', label: 'Visa 9995: insufficient funds' },
  { key: 'chargeCustomerFail', label: 'Visa 0341: accepted, but no payment succeeds' },
  { key: 'authenticationRequired', label: 'Visa 3184: every payment needs 3D Secure' },
  { key: 'createDispute', label: 'Visa 0259: pays, and is disputed' },
];
