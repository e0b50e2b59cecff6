import { isUtf8 } from 'node:buffer';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, DomainError, GuessLimit } from '#platform';
import { customerNamed, Told } from '../applying/told.js';
import { BillingConfig } from '../billing.config.js';
import { StripeClient } from '../stripe/stripe-client.js';
import { StripeEvents } from '../persistence/stripe-events.js';

/** Stripe's own default; a smaller one refuses honest clocks, zero accepts anything. Seconds. */
const TOLERANCE_SECONDS = 300;

/** The last second that ISO 8601 writes with four digits of a year; JavaScript's own end of time is an error. */
const LAST_SECOND = 253_402_300_799;
/** Stripe's ids, types and versions are ASCII; PostgreSQL takes no NUL. */
const word = () => z.string().regex(/^[\x20-\x7e]{1,255}$/);

/** What snapshot and thin events have in common (docs.stripe.com/api/events, /api/v2/core/events). */
const StripeEvent = z.object({
  id: word(),
  type: word(),
  api_version: word().nullish(),
  livemode: z.boolean().default(false),
  created: z.union([z.int().min(0).max(LAST_SECOND), z.iso.datetime()]),
});

/** Checks a webhook and keeps it. Applying it is another's work, later. */
@Injectable()
export class ReceiveStripeEvent {
  constructor(
    private readonly events: StripeEvents,
    private readonly client: StripeClient,
    private readonly config: BillingConfig,
    private readonly guesses: GuessLimit,
  ) {}

  /** Resolves once the event is stored. Throws 400 `SIGNATURE_INVALID`, or 400 `MALFORMED_REQUEST` for what Stripe does not send. */
  async execute(actor: Actor, body: Buffer, signature: string): Promise<void> {
    if (!(await this.isSigned(body, signature))) {
      // Counted after the check alone: a rightly signed delivery is never refused for its number.
      await this.guesses.miss(actor.origin.address, 'webhook_signature');
      throw new DomainError(
        'malformed',
        'SIGNATURE_INVALID',
        'The signature does not match the body, or is too old.',
      );
    }
    const event = parseJson(body);
    const parsed = StripeEvent.safeParse(event);
    if (!parsed.success)
      throw new DomainError('malformed', 'MALFORMED_REQUEST', 'The body is not a Stripe event.');

    const { id, type, api_version, livemode, created } = parsed.data;
    const told = Told.safeParse(event);
    await this.events.store({
      id,
      type,
      apiVersion: api_version ?? null,
      livemode,
      createdAt: new Date(typeof created === 'number' ? created * 1000 : created),
      customerId: told.success ? customerNamed(told.data) : null,
      payload: body.toString('utf8'),
      traceId: actor.origin.traceId,
    });
  }

  private async isSigned(body: Buffer, signature: string): Promise<boolean> {
    const stripe = await this.client.get();
    const { webhookSecret, previousWebhookSecret, thinWebhookSecret, previousThinWebhookSecret } =
      this.config;
    const secrets = [
      ...[webhookSecret, previousWebhookSecret],
      ...[thinWebhookSecret, previousThinWebhookSecret],
    ].filter((one) => one !== undefined);
    return secrets.some((secret) => {
      try {
        return stripe.webhooks.signature?.verifyHeader(body, signature, secret, TOLERANCE_SECONDS) === true;
      } catch {
        return false;
      }
    });
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return isUtf8(body) ? JSON.parse(body.toString('utf8')) : null;
  } catch {
    return null;
  }
}
