import { DomainError } from '#platform';
import { isUnknown } from './stripe-failures.js';
import type { StripeGateway } from './stripe-gateway.js';

/**
 * Whether a call that failed so says nothing of what it was about: nobody was asked, Stripe refuses us altogether, or
 * answers nobody, which is found out by asking for something else.
 */
export async function isBlameless(gateway: StripeGateway, error: unknown): Promise<boolean> {
  if (!(error instanceof DomainError) || error.code !== 'BILLING_UNAVAILABLE') return false;
  return !error.cause || !isUnknown(error.cause) || !(await isAnswering(gateway));
}

async function isAnswering(gateway: StripeGateway): Promise<boolean> {
  try {
    await gateway.read('is_answering', (stripe) => stripe.subscriptions.list({ limit: 1 }));
    return true;
  } catch {
    return false;
  }
}
