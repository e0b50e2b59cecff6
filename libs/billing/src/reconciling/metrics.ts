import { Counter, Gauge } from 'prom-client';

export const driftsFound = new Counter({
  name: 'billing_drifts_found_total',
  help: 'Where Stripe and we disagreed, by kind, and whether it was repaired or left to operators.',
  labelNames: ['kind', 'outcome'] as const,
});

export const driftsOpen = new Gauge({
  name: 'billing_drifts_open',
  help: 'What waits for an operator after the last sweep of this process, by kind.',
  labelNames: ['kind'] as const,
});

export const sweepsDone = new Counter({
  name: 'billing_sweeps_total',
  help: 'Comparisons with Stripe that this process has finished, by kind.',
  labelNames: ['kind'] as const,
});
