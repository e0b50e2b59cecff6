import { Counter, Histogram } from 'prom-client';

/** Seconds: Stripe answers most calls within one, and none of ours waits longer than its timeout. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export const stripeCalls = new Counter({
  name: 'stripe_calls_total',
  help: 'Calls of Stripe, by verb and how they ended: done, refused, unknown, or kept back by us.',
  labelNames: ['verb', 'outcome'] as const,
});

export const stripeSeconds = new Histogram({
  name: 'stripe_call_duration_seconds',
  help: 'How long calls of Stripe took, by verb.',
  labelNames: ['verb'] as const,
  buckets: BUCKETS,
});
