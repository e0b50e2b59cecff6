import { Counter } from 'prom-client';

export const eventsSettled = new Counter({
  name: 'stripe_events_settled_total',
  help: 'Events of Stripe by what became of them: applied, ignored, dead.',
  labelNames: ['status'] as const,
});

export const paymentsTakenBack = new Counter({
  name: 'billing_payments_taken_back_total',
  help: 'What tenants were told of payments that are taken back: refunded, disputed, dispute_closed.',
  labelNames: ['kind'] as const,
});
