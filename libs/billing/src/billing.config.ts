import { z } from 'zod';
import { configOf, isPattern, secret } from '#platform';

const signingSecret = () =>
  z
    .string()
    .regex(/^whsec_[\w+/=-]{16,}$/, 'must be a signing secret of Stripe, whsec_...')
    .refine(
      (text) => !isPattern(text.slice('whsec_'.length)),
      'must be the one that Stripe gave, not an example',
    )
    .optional();

export class BillingConfig extends configOf('billing', {
  webhookSecret: secret(
    'STRIPE_WEBHOOK_SECRET',
    signingSecret(),
    'Checks that webhooks come from Stripe; without it every webhook is refused.',
  ),
  previousWebhookSecret: secret(
    'STRIPE_WEBHOOK_SECRET_PREVIOUS',
    signingSecret(),
    'The secret before, valid beside the new one while it is being rotated.',
  ),
}) {}
