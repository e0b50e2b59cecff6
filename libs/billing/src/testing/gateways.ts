import type { INestApplicationContext } from '@nestjs/common';
import { type Clock, Db, type Log, SystemDatabase } from '#platform';
import type { JourneyStripe } from '../../../../test/support/stripe.js';
import type { BillingConfig } from '../billing.config.js';
import { ProductWrites } from '../persistence/product-writes.js';
import { StripeWrites } from '../persistence/stripe-writes.js';
import { StripeClient } from '../stripe/stripe-client.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';

export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A process of the product that asks a Stripe of the test's own: its own gate for three calls, the database of `app`.
 * `timeoutMs`: so long it waits for an answer.
 */
export function gatewayTo(
  { settings }: JourneyStripe,
  app: INestApplicationContext,
  clock: Clock,
  timeoutMs = 3_000,
): StripeGateway {
  const db = app.get(Db);
  const config = {
    secretKey: settings.STRIPE_SECRET_KEY,
    apiUrl: new URL(settings.STRIPE_API_URL!),
    timeoutMs,
    maxCalls: 3,
  } as BillingConfig;
  const [writes, product] = [new StripeWrites(db, clock), new ProductWrites(app.get(SystemDatabase), clock)];
  return new StripeGateway(new StripeClient(config), writes, product, db, clock, SILENT, config);
}
