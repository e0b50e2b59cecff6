import { Counter } from 'prom-client';

export const usesSettled = new Counter({
  name: 'billing_uses_settled_total',
  help: 'Uses of billed meters by what became of them: shipped, failed (Stripe counts nothing), parked (for operators).',
  labelNames: ['outcome'] as const,
});
