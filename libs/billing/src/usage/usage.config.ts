import { configOf, flag, setting, whole } from '#platform';

/** Whether this worker ships what was used. Any number of workers may do it at once. */
export class BillingUsageConfig extends configOf('billing usage', {
  isShipping: setting(
    'BILLING_SHIP_USAGE',
    flag(true),
    'Whether this worker tells Stripe what was used of billed meters; off where others do.',
  ),
  idleMs: setting(
    'BILLING_SHIP_USAGE_IDLE_MS',
    whole(50, 600_000).default(2_000),
    'How long it waits before it looks for uses again when there were none, in ms.',
  ),
}) {}
