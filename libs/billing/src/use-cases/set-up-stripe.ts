import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { z } from 'zod';
import { type Actor, DomainError, HttpConfig, notFound } from '#platform';
import { BillingConfig, isLive } from '../billing.config.js';
import { OperatorLog } from '../persistence/operator-log.js';
import { ENDPOINT_EVENTS } from '../stripe/endpoint-events.js';
import { orNull } from '../stripe/look.js';
import { secretKeyOf } from '../stripe/secret-key.js';
import { StripeClient } from '../stripe/stripe-client.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { webhookUrl } from '../stripe/webhook-url.js';

/** Stripe's most for a page; an account has at most 16 endpoints (docs.stripe.com/webhooks). */
const PAGE = 100;

export const EndpointId = z.string().regex(/^we_\w{1,60}$/, 'must be the id of a webhook endpoint, we_...');

export interface StripeAccount {
  id: string;
  mode: 'live' | 'test';
  takesPayments: boolean;
}

/** Where Stripe sends what it tells us. */
export interface WebhookEndpoint {
  id: string;
  isEnabled: boolean;
  createdAt: Date;
  /** What it does not tell and should. */
  missing: readonly string[];
}

/** What an account at Stripe needs to have, before anybody buys. Operators only. */
@Injectable()
export class SetUpStripe {
  constructor(
    private readonly gateway: StripeGateway,
    private readonly client: StripeClient,
    private readonly config: BillingConfig,
    private readonly http: HttpConfig,
    private readonly log: OperatorLog,
  ) {}

  /** Where Stripe reaches us. */
  get url(): string {
    return webhookUrl(this.http);
  }

  /** Whose key it is. Throws 409 `BILLING_OFF` without one, 503 `BILLING_UNAVAILABLE` also for one that is wrong. */
  async account(actor: Actor): Promise<StripeAccount> {
    const key = this.may(actor);
    const account = await this.gateway.read('look_account', (stripe) => stripe.accounts.retrieveCurrent());
    const mode = isLive(key) ? 'live' : 'test';
    return { id: account.id, mode, takesPayments: account.charges_enabled === true };
  }

  /** Those that send to us, the oldest first. Throws like {@link account}. */
  async endpoints(actor: Actor): Promise<WebhookEndpoint[]> {
    this.may(actor);
    const { data } = await this.gateway.read('look_endpoints', (stripe) =>
      stripe.webhookEndpoints.list({ limit: PAGE }),
    );
    return data
      .filter((one) => one.url === this.url)
      .map(endpointOf)
      .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  }

  /** Whether one was asked for and nobody heard of it: adding one gives that, with its secret. Throws 409 `BILLING_OFF`. */
  async isUnheard(actor: Actor): Promise<boolean> {
    this.may(actor);
    return this.gateway.isUnheard({ verb: 'create_endpoint', what: await this.wanted() });
  }

  /**
   * Another one beside those that are there. Its secret is shown this once: keep it before anything else. Throws like
   * {@link account}.
   */
  async addEndpoint(actor: Actor): Promise<{ id: string; secret: string }> {
    this.may(actor);
    await this.log.append(actor, 'STRIPE_ENDPOINT_ADDED', { url: this.url });
    const params = await this.wanted();
    const made = await this.gateway.change({
      ...{ verb: 'create_endpoint', what: params },
      make: (stripe, options) => stripe.webhookEndpoints.create(params, options),
      find: async (stripe, known) =>
        known && (await orNull(stripe.webhookEndpoints.retrieve(known.id))) ? known : null,
    });
    if (!made.secret) throw new DomainError('conflict', 'BILLING_CONFLICT', 'Stripe has told no secret.');
    return { id: made.id, secret: made.secret };
  }

  /** It tells all that it should from now on. Throws like {@link account}. */
  async completeEndpoint(actor: Actor, id: string): Promise<void> {
    this.may(actor);
    await this.log.append(actor, 'STRIPE_ENDPOINT_COMPLETED', { id });
    const params = { enabled_events: [...ENDPOINT_EVENTS], disabled: false };
    await this.gateway.change({
      ...{ verb: 'update_endpoint', what: { id, ...params } },
      make: (stripe, options) => stripe.webhookEndpoints.update(id, params, options),
    });
  }

  /** Stripe sends nothing there any more. Throws like {@link account}, 404 for one that is not ours, and 409 `LAST_ENDPOINT` for the last that works. */
  async removeEndpoint(actor: Actor, id: string): Promise<void> {
    const all = await this.endpoints(actor);
    // The account may have others, for other things.
    if (!all.some((one) => one.id === id)) throw notFound('webhook endpoint');
    const others = all.filter((one) => one.id !== id && one.isEnabled);
    if (others.length === 0)
      throw new DomainError('conflict', 'LAST_ENDPOINT', 'Stripe would tell us nothing any more.');
    await this.log.append(actor, 'STRIPE_ENDPOINT_REMOVED', { id });
    await this.gateway.change({
      ...{ verb: 'delete_endpoint', what: { id } },
      make: (stripe, options) => stripe.webhookEndpoints.del(id, {}, options),
    });
  }

  private async wanted(): Promise<Stripe.WebhookEndpointCreateParams> {
    const version = (await this.client.get()).getApiField('version');
    return {
      url: this.url,
      enabled_events: [...ENDPOINT_EVENTS],
      // What comes is read by the types of this version.
      api_version: version as Stripe.WebhookEndpointCreateParams.ApiVersion,
      metadata: { made_by: 'gatehouse' },
    };
  }

  private may(actor: Actor): string {
    actor.must('operator:billing');
    return secretKeyOf(this.config);
  }
}

function endpointOf(one: Stripe.WebhookEndpoint): WebhookEndpoint {
  const told = new Set(one.enabled_events);
  return {
    id: one.id,
    isEnabled: one.status === 'enabled',
    createdAt: new Date(one.created * 1_000),
    missing: told.has('*') ? [] : ENDPOINT_EVENTS.filter((type) => !told.has(type)),
  };
}
