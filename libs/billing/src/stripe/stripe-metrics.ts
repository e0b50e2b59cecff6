import { AsyncLocalStorage } from 'node:async_hooks';
import { Counter, Gauge, Histogram } from 'prom-client';
import type Stripe from 'stripe';
import type { CallGate } from './call-gate.js';

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

export const stripeRetries = new Counter({
  name: 'stripe_retries_total',
  help: "What was tried again, by verb and how: again under its key, lookup of what Stripe's key no longer tells, or by its library (a closed connection).",
  labelNames: ['verb', 'how'] as const,
});

const gates = new Set<CallGate>();

new Gauge({
  name: 'stripe_gate_open',
  help: '1 while Stripe is asked; 0 while it is left alone after failures in a row.',
  collect() {
    this.set([...gates].every((one) => one.isOpen) ? 1 : 0);
  },
});

/** Shows whether it is open, as long as this process lives: it has one. */
export const showGate = (gate: CallGate): unknown => gates.add(gate);

/** What has gone out for the call that is under way. */
const sent = new AsyncLocalStorage<{ verb: string; requests: Set<string> }>();

export const asCall = <T>(verb: string, ask: () => Promise<T>): Promise<T> =>
  sent.run({ verb, requests: new Set() }, ask);

/** Counts what the library sends twice by itself; pages of a list differ in their path. */
export function countLibraryRetries(stripe: Stripe): void {
  stripe.on('request', ({ method, path, idempotency_key: key }: Stripe.RequestEvent) => {
    const call = sent.getStore();
    if (!call) return;
    const request = `${method} ${path} ${key ?? ''}`;
    if (call.requests.has(request)) stripeRetries.inc({ verb: call.verb, how: 'library' });
    call.requests.add(request);
  });
}
