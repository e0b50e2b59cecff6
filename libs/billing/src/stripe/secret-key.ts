import { DomainError } from '#platform';
import type { BillingConfig } from '../billing.config.js';

/** The key that Stripe knows us by. Throws 409 `BILLING_OFF` where nothing is sold. */
export function secretKeyOf({ secretKey }: BillingConfig): string {
  if (secretKey) return secretKey;
  throw new DomainError('conflict', 'BILLING_OFF', 'Nothing is sold here: STRIPE_SECRET_KEY is not set.');
}
