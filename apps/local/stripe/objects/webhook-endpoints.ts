import { randomBytes } from 'node:crypto';
import type Stripe from 'stripe';
import { API_VERSION } from '../books.js';
import type { Books } from '../books.js';
import { DAY } from '../clock.js';
import { invalidRequest } from '../errors.js';
import { flag, listParamsOf, many, mergeMetadata, metadata, paramsOf, text, unset } from '../form.js';
import type { Kinds } from '../kinds.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { isSnapshotEvent } from '../sdk-events.js';
import { newId } from '../store.js';

type WebhookEndpoint = Kinds['webhook_endpoint'];

const MOST_ENDPOINTS = 16;

/** Also of a destination for thin events. */
export function newSecret(): string {
  return `whsec_${randomBytes(24).toString('hex')}`;
}

export interface EndpointInput {
  url: string;
  enabled_events: string[];
  api_version?: string;
  description?: string | null;
  metadata?: Record<string, string> | null;
  /** Ours to choose only at start; Stripe makes them. */
  secret?: string;
}

/** https://docs.stripe.com/api/webhook_endpoints/object: the secret is shown by creation alone. */
export function createEndpoint(books: Books, given: EndpointInput): WebhookEndpoint {
  mustBeUrl(given.url);
  if (books.store.all('webhook_endpoint').length >= MOST_ENDPOINTS)
    throw invalidRequest(`You have reached the maximum of ${MOST_ENDPOINTS} test webhook endpoints.`);
  if (given.api_version !== undefined && given.api_version !== API_VERSION)
    throw invalidRequest(`The local Stripe speaks ${API_VERSION} only.`, 'api_version');
  const secret = given.secret ?? newSecret();
  const created = books.add<'webhook_endpoint'>({
    id: newId('we'),
    object: 'webhook_endpoint',
    api_version: given.api_version ?? null,
    application: null,
    created: books.now(),
    description: given.description ?? null,
    enabled_events: given.enabled_events,
    livemode: false,
    metadata: mergeMetadata({}, given.metadata),
    status: 'enabled',
    url: given.url,
  });
  books.store.note(created.id, { secret });
  return { ...created, secret };
}

export function mustBeUrl(url: string): void {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw invalidRequest(
      'Invalid URL: An explicit scheme (such as https) must be provided.',
      'url',
      'url_invalid',
    );
}

/** A new secret; for a day events are signed with the old one, too: https://docs.stripe.com/webhooks#roll-endpoint-secrets */
export function rollSecret(books: Books, id: string): string {
  const { secret } = books.store.notes(id);
  const next = newSecret();
  books.store.note(id, { secret: next, previous_secret: secret, secret_until: books.clock.now() + DAY });
  return next;
}

/** Stripe refuses a name that it does not know. */
const EventName = text().refine(isSnapshotEvent, 'event');

const Create = paramsOf<Stripe.WebhookEndpointCreateParams>()({
  api_version: text().optional(),
  description: unset(text()).optional(),
  enabled_events: many(EventName).min(1),
  metadata: metadata().optional(),
  url: text(),
});
const Update = paramsOf<Stripe.WebhookEndpointUpdateParams>()({
  description: unset(text()).optional(),
  disabled: flag().optional(),
  enabled_events: many(EventName).optional(),
  metadata: metadata().optional(),
  url: text().optional(),
});

export const webhookEndpoints = [
  endpoint('POST', '/v1/webhook_endpoints', Create, createEndpoint),
  endpoint(
    'GET',
    '/v1/webhook_endpoints',
    listParamsOf<Stripe.WebhookEndpointListParams>()({}),
    (books, params) => pageOf('/v1/webhook_endpoints', books.store.all('webhook_endpoint'), params),
  ),
  endpoint(
    'GET',
    '/v1/webhook_endpoints/:id',
    paramsOf<Stripe.WebhookEndpointRetrieveParams>()({}),
    (books, _, id) => books.need('webhook_endpoint', id),
  ),
  endpoint(
    'POST',
    '/v1/webhook_endpoints/:id',
    Update,
    (books, { expand: _, disabled, metadata: given, ...changes }, id) => {
      const known = books.need('webhook_endpoint', id);
      if (changes.url !== undefined) mustBeUrl(changes.url);
      return books.change<'webhook_endpoint'>(known, {
        ...changes,
        metadata: mergeMetadata(known.metadata, given),
        ...(disabled === undefined ? {} : { status: disabled ? 'disabled' : 'enabled' }),
      });
    },
  ),
  endpoint(
    'DELETE',
    '/v1/webhook_endpoints/:id',
    paramsOf<Stripe.WebhookEndpointDeleteParams>()({}),
    (books, _, id) => {
      books.need('webhook_endpoint', id);
      return books.store.bury('webhook_endpoint', id);
    },
  ),
];
