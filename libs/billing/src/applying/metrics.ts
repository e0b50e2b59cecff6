import { Counter } from 'prom-client';

export const eventsSettled = new Counter({
  name: 'stripe_events_settled_total',
  help: 'Events of Stripe by what became of them: applied, ignored, dead.',
  labelNames: ['status'] as const,
});
