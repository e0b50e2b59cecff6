import { z } from 'zod';
import { configOf, flag, setting, whole } from '#platform';
import { REACTIONS } from './domain/taken-back.js';

/** How long who does not pay keeps what, and what follows when what was paid is taken back. */
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
  onDispute: setting(
    'BILLING_ON_DISPUTE',
    z.enum(REACTIONS).default('restrict'),
    'While a bank decides whether a payment is taken back, and after it was: keep everything, restrict to what Free gives, or suspend.',
  ),
  onRefund: setting(
    'BILLING_ON_REFUND',
    z.enum(REACTIONS).default('keep'),
    'Once all that was paid for the present period was given back: keep everything, restrict to what Free gives, or suspend.',
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
  leaseMs: setting(
    'BILLING_APPLY_LEASE_MS',
    whole(200, 600_000).default(15_000),
    'How long the events of a worker that was killed stay reserved for it, in ms; renewed while it works.',
  ),
  attempts: setting(
    'BILLING_APPLY_ATTEMPTS',
    whole(1, 100).default(12),
    'So often an event is tried while Stripe answers, before it is parked for operators; with the wait below over 50 to 100 minutes.',
  ),
  retryMs: setting(
    'BILLING_APPLY_RETRY_MS',
    whole(10, 600_000).default(5_000),
    'How long the second attempt waits, in ms; each further one three times as long, at most 15 minutes; half of it is chance.',
  ),
  keepDays: setting(
    'BILLING_EVENTS_KEEP_DAYS',
    whole(30, 3_650).default(90),
    'Days that events of Stripe, what Stripe was asked to do, and drift are kept once they are over; what waits, was parked or is open stays.',
  ),
  keepToldDays: setting(
    'BILLING_NOTICES_KEEP_DAYS',
    whole(90, 36_500).default(800),
    'Days for which it is known what people were told of their subscription, so that no replay tells them twice.',
  ),
}) {}
