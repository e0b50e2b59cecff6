import type { HttpConfig } from '#platform';

/** Where Stripe reaches us. */
export const webhookUrl = ({ baseUrl }: Pick<HttpConfig, 'baseUrl'>): string =>
  `${baseUrl}/api/v1/billing/webhooks/stripe`;
