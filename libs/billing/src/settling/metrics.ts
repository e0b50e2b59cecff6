import { Counter } from 'prom-client';

export const writesSettled = new Counter({
  name: 'stripe_writes_settled_total',
  help: 'Writes whose end nobody had heard, by verb and how they ended: done, refused, lost.',
  labelNames: ['verb', 'outcome'] as const,
});
