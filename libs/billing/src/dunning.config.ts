import { configOf, flag, setting, whole } from '#platform';

/** How long who does not pay keeps what. */
export class DunningConfig extends configOf('dunning', {
  graceDays: setting(
    'BILLING_GRACE_DAYS',
    whole(0, 90).default(7),
    'So many days after an invoice was not paid everything goes on.',
  ),
  restrictedDays: setting(
    'BILLING_RESTRICTED_DAYS',
    whole(0, 90).default(14),
    'So many days after that there is what Free gives; then nothing until it is paid.',
  ),
}) {}

/** What of billing this worker does. Any number of workers may do it at once. */
export class BillingWorkConfig extends configOf('billing work', {
  isApplying: setting(
    'BILLING_APPLY',
    flag(true),
    'Whether this worker applies the events of Stripe and what time changes; off where others do.',
  ),
  isReconciling: setting(
    'BILLING_RECONCILE',
    flag(true),
    'Whether this worker compares what Stripe has with what we have, each hour and each night; off where others do.',
  ),
  idleMs: setting(
    'BILLING_APPLY_IDLE_MS',
    whole(50, 60_000).default(500),
    'How long it waits before it looks for events again when there were none, in ms.',
  ),
  attempts: setting(
    'BILLING_APPLY_ATTEMPTS',
    whole(1, 100).default(12),
    'So often an event is tried before it is parked for operators; with the wait below over about two hours.',
  ),
  retryMs: setting(
    'BILLING_APPLY_RETRY_MS',
    whole(10, 600_000).default(5_000),
    'How long the second attempt waits, in ms; each further one twice as long, at most 15 minutes.',
  ),
}) {}
