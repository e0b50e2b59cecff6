import { Counter, Gauge } from 'prom-client';

export const usesSettled = new Counter({
  name: 'billing_uses_settled_total',
  help: 'Uses of billed meters by what became of them: shipped, failed (Stripe counts nothing), parked (for operators), by_contract (Stripe never hears of it).',
  labelNames: ['outcome'] as const,
});

export const usesOldest = new Gauge({
  name: 'billing_uses_oldest_seconds',
  help: 'For how long the oldest use that is on its way to Stripe has been so; 0: none is. One without a customer is not.',
});
