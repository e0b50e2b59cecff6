import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { z } from 'zod';
import { type Actor, DomainError, HttpConfig, notFound } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { OperatorLog } from '../persistence/operator-log.js';
import { THIN_EVENTS } from '../stripe/endpoint-events.js';
import { orNull } from '../stripe/look.js';
import { secretKeyOf } from '../stripe/secret-key.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { webhookUrl } from '../stripe/webhook-url.js';
import type { WebhookEndpoint } from './set-up-stripe.js';

/** More than an account has; Stripe shows the URL and the secret of a destination only when they are asked for. */
const LIMIT = 100;

export const DestinationId = z
  .string()
  .regex(/^ed_\w{1,80}$/, 'must be the id of an event destination, ed_...');

/**
 * Where Stripe sends thin events: what snapshots do not tell, first of all that uses of a meter cannot be counted. An event
 * destination (docs.stripe.com/api/v2/core/event_destinations), with a secret of its own. Operators only.
 */
@Injectable()
export class SetUpThinEvents {
  constructor(
    private readonly gateway: StripeGateway,
    private readonly config: BillingConfig,
    private readonly http: HttpConfig,
    private readonly log: OperatorLog,
  ) {}

  /** Those that send to us, the oldest first. Throws 409 `BILLING_OFF` without a key, 503 `BILLING_UNAVAILABLE`. */
  async destinations(actor: Actor): Promise<WebhookEndpoint[]> {
    this.may(actor);
    const found = await this.gateway.read('look_destinations', (stripe) =>
      stripe.v2.core.eventDestinations
        .list({ include: ['webhook_endpoint.url'], limit: LIMIT })
        .autoPagingToArray({ limit: 10 * LIMIT }),
    );
    return found
      .filter((one) => one.event_payload === 'thin' && one.webhook_endpoint?.url === webhookUrl(this.http))
      .map(destinationOf)
      .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  }

  /** Whether one was asked for and nobody heard of it: adding one gives that, with its secret. Throws 409 `BILLING_OFF`. */
  async isUnheard(actor: Actor): Promise<boolean> {
    this.may(actor);
    return this.gateway.isUnheard({ verb: 'create_destination', what: this.wanted });
  }

  /**
   * Another one beside those that are there. Its secret is shown this once: keep it before anything else. Throws like
   * {@link destinations}.
   */
  async add(actor: Actor): Promise<{ id: string; secret: string }> {
    this.may(actor);
    const url = webhookUrl(this.http);
    await this.log.append(actor, 'STRIPE_DESTINATION_ADDED', { url });
    const params = this.wanted;
    const made = await this.gateway.change({
      ...{ verb: 'create_destination', what: params },
      make: (stripe, options) => stripe.v2.core.eventDestinations.create(params, options),
      find: async (stripe, known) =>
        known && (await orNull(stripe.v2.core.eventDestinations.retrieve(known.id))) ? known : null,
    });
    const secret = made.webhook_endpoint?.signing_secret;
    if (!secret) throw new DomainError('conflict', 'BILLING_CONFLICT', 'Stripe has told no secret.');
    return { id: made.id, secret };
  }

  /** It tells all that it should from now on. Throws like {@link destinations}. */
  async complete(actor: Actor, { id, isEnabled, missing }: WebhookEndpoint): Promise<void> {
    this.may(actor);
    await this.log.append(actor, 'STRIPE_DESTINATION_COMPLETED', { id });
    if (missing.length > 0) {
      const params = { enabled_events: [...THIN_EVENTS] };
      await this.gateway.change({
        ...{ verb: 'update_destination', what: { id, ...params } },
        make: (stripe, options) => stripe.v2.core.eventDestinations.update(id, params, options),
      });
    }
    if (isEnabled) return;
    await this.gateway.change({
      ...{ verb: 'enable_destination', what: { id } },
      make: (stripe, options) => stripe.v2.core.eventDestinations.enable(id, {}, options),
    });
  }

  /** Stripe sends nothing there any more. Throws like {@link destinations}, 404 for one that is not ours, and 409 `LAST_ENDPOINT` for the last that works. */
  async remove(actor: Actor, id: string): Promise<void> {
    const all = await this.destinations(actor);
    // The account may have others, for other things.
    if (!all.some((one) => one.id === id)) throw notFound('event destination');
    const others = all.filter((one) => one.id !== id && one.isEnabled);
    if (others.length === 0)
      throw new DomainError('conflict', 'LAST_ENDPOINT', 'Stripe would send no thin events any more.');
    await this.log.append(actor, 'STRIPE_DESTINATION_REMOVED', { id });
    await this.gateway.change({
      ...{ verb: 'delete_destination', what: { id } },
      make: (stripe, options) => stripe.v2.core.eventDestinations.del(id, {}, options),
    });
  }

  private get wanted(): Stripe.V2.Core.EventDestinationCreateParams {
    return {
      ...{ name: 'Gatehouse', type: 'webhook_endpoint', event_payload: 'thin' },
      enabled_events: [...THIN_EVENTS],
      webhook_endpoint: { url: webhookUrl(this.http) },
      include: ['webhook_endpoint.signing_secret'],
      metadata: { made_by: 'gatehouse' },
    };
  }

  private may(actor: Actor): void {
    actor.must('operator:billing');
    secretKeyOf(this.config);
  }
}

function destinationOf(one: Stripe.V2.Core.EventDestination): WebhookEndpoint {
  const told = new Set(one.enabled_events);
  return {
    id: one.id,
    isEnabled: one.status === 'enabled',
    createdAt: new Date(one.created),
    missing: told.has('*') ? [] : THIN_EVENTS.filter((type) => !told.has(type)),
  };
}
