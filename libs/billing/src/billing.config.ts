import { z } from 'zod';
import { configOf, secret } from '#platform';

export class BillingConfig extends configOf('billing', {
  webhookSecret: secret(
    'STRIPE_WEBHOOK_SECRET',
    z.string().regex(/^whsec_[\w+/=-]{16,}$/, 'must be a signing secret of Stripe, whsec_...').optional(),
    'Checks that webhooks come from Stripe; without it every webhook is refused.',
  ),
  previousWebhookSecret: secret(
    'STRIPE_WEBHOOK_SECRET_PREVIOUS',
    z.string().regex(/^whsec_[\w+/=-]{16,}$/, 'must be a signing secret of Stripe, whsec_...').optional(),
    'The secret before, valid beside the new one while it is being rotated.',
  ),
}) {}
