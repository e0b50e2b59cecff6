import { readFileSync } from 'node:fs';
import { HANDLED_TYPES } from '../applying/dispatch.js';
import { ENDPOINT_EVENTS } from './endpoint-events.js';

const types = readFileSync('node_modules/stripe/esm/resources/WebhookEndpoints.d.ts', 'utf8');
const accepted = new Set(
  [.../type EnabledEvent = ([^;]*);/.exec(types)![1]!.matchAll(/'([^']+)'/g)].map(([, type]) => type),
);

describe('what a webhook endpoint asks for', () => {
  it('is all that we handle and Stripe tells by snapshots', () => {
    expect(accepted.size).toBeGreaterThan(200);
    expect(ENDPOINT_EVENTS).toEqual([...HANDLED_TYPES].filter((type) => accepted.has(type)).sort());
    expect(ENDPOINT_EVENTS).toContain('customer.subscription.updated');
  });
});
