import { readFileSync } from 'node:fs';
import { HANDLED_TYPES } from '../applying/dispatch.js';
import { ENDPOINT_EVENTS, THIN_EVENTS } from './endpoint-events.js';

const thin = new Set(
  [
    ...readFileSync('node_modules/stripe/esm/resources/V2/Core/Events.d.ts', 'utf8').matchAll(
      /'(v1\.[^']+)'/g,
    ),
  ].map(([, type]) => type),
);
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

describe('what a destination for thin events asks for', () => {
  it('is the rest, so that everything handled is told, and nothing twice', () => {
    expect(THIN_EVENTS.filter((type) => !thin.has(type))).toEqual([]);
    const told = [...ENDPOINT_EVENTS, ...THIN_EVENTS.map((type) => type.replace('v1.', ''))];
    expect(told.sort()).toEqual([...HANDLED_TYPES].sort());
    expect(THIN_EVENTS).toContain('v1.billing.meter.error_report_triggered');
  });
});
