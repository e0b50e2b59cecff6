import { randomBytes } from 'node:crypto';
import Stripe from 'stripe';
import type { Stage } from './stage.js';

/** A webhook as Stripe would send it, twice, and one that Stripe has not signed. */
export async function playStripe(stage: Stage, v1: string, secret: string): Promise<void> {
  stage.say('Stripe reports an invoice.');
  const url = `${v1}/billing/webhooks/stripe`;
  const body = JSON.stringify({
    id: `evt_${randomBytes(12).toString('hex')}`,
    object: 'event',
    type: 'invoice.paid',
    created: Math.floor(Date.now() / 1000),
    livemode: false,
  });
  const signed = { 'stripe-signature': signature(body, secret) };
  const received = { status: 200, body: { received: true } };

  await stage.step(
    'Signed with the webhook’s secret: stored, then answered',
    { method: 'POST', url, headers: signed, body },
    received,
  );
  await stage.step('Delivered twice, stored once', { method: 'POST', url, headers: signed, body }, received);
  await stage.step(
    'Signed with another secret: refused, and nothing stored',
    {
      method: 'POST',
      url,
      headers: { 'stripe-signature': signature(body, `whsec_${randomBytes(16).toString('hex')}`) },
      body,
    },
    { status: 400, body: { error: { code: 'SIGNATURE_INVALID' } } },
  );
}

function signature(payload: string, secret: string): string {
  const { webhooks } = new Stripe('sk_unused');
  return webhooks.generateTestHeaderString({ payload, secret });
}
