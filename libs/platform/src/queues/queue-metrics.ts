import { Counter, Gauge } from 'prom-client';

/** How the event bus does, in Prometheus' default registry. */
export const eventsPublished = new Counter({
  name: 'events_published_total',
  help: 'Events that the relay has taken from the outbox.',
});

export const eventsHandled = new Counter({
  name: 'events_handled_total',
  help: 'Events handled, by subscription.',
  labelNames: ['subscription'] as const,
});

export const eventsRetried = new Counter({
  name: 'events_retried_total',
  help: 'Attempts that failed and will be repeated, by subscription.',
  labelNames: ['subscription'] as const,
});

export const eventsDead = new Counter({
  name: 'events_dead_total',
  help: 'Events that became dead letters, by subscription.',
  labelNames: ['subscription'] as const,
});

export const eventsRecovered = new Counter({
  name: 'events_recovered_total',
  help: 'Deliveries that Redis had lost and the sweeper added again.',
});

export const outboxLag = new Gauge({
  name: 'outbox_lag_seconds',
  help: 'Age of the oldest event that is not published; 0 when there is none.',
});

export const deadLetters = new Gauge({
  name: 'dead_letters',
  help: 'Dead letters that wait for an operator; counted up to 10,000.',
});
