import { randomBytes } from 'node:crypto';
import type Stripe from 'stripe';
import { z } from 'zod';
import { API_VERSION } from '../books.js';
import type { Books } from '../books.js';
import { DAY } from '../clock.js';
import { invalidRequest } from '../errors.js';
import { flag, listParamsOf, many, mergeMetadata, metadata, paramsOf, text, unset } from '../form.js';
import type { Kinds } from '../kinds.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';

type WebhookEndpoint = Kinds['webhook_endpoint'];
type Destination = Kinds['v2.core.event_destination'];

const MOST_ENDPOINTS = 16;

function newSecret(): string {
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

function mustBeUrl(url: string): void {
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

const Create = paramsOf<Stripe.WebhookEndpointCreateParams>()({
  api_version: text().optional(),
  description: unset(text()).optional(),
  enabled_events: many(text()).min(1),
  metadata: metadata().optional(),
  url: text(),
});
const Update = paramsOf<Stripe.WebhookEndpointUpdateParams>()({
  description: unset(text()).optional(),
  disabled: flag().optional(),
  enabled_events: many(text()).optional(),
  metadata: metadata().optional(),
  url: text().optional(),
});

/** https://docs.stripe.com/api/v2/core/event-destinations/object: where thin events go. */
export function createDestination(
  books: Books,
  given: {
    name: string;
    description?: string;
    enabled_events: string[];
    url: string;
    secret?: string;
    metadata?: Record<string, string>;
  },
): Destination {
  mustBeUrl(given.url);
  const now = new Date(books.now() * 1000).toISOString();
  const secret = given.secret ?? newSecret();
  const destination = books.add<'v2.core.event_destination'>({
    id: newId('ed'),
    object: 'v2.core.event_destination',
    created: now,
    description: given.description ?? '',
    enabled_events: given.enabled_events,
    event_payload: 'thin',
    events_from: ['self'],
    livemode: false,
    metadata: given.metadata ?? {},
    name: given.name,
    status: 'enabled',
    type: 'webhook_endpoint',
    updated: now,
    webhook_endpoint: { url: given.url },
  });
  books.store.note(destination.id, { secret });
  return { ...destination, webhook_endpoint: { signing_secret: secret, url: given.url } };
}

const CreateDestination = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  enabled_events: z.array(z.string()).min(1),
  event_payload: z.literal('thin'),
  events_from: z.array(z.string()).optional(),
  include: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  type: z.literal('webhook_endpoint'),
  webhook_endpoint: z.strictObject({ url: z.string() }),
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
  endpoint(
    'POST',
    '/v2/core/event_destinations',
    CreateDestination,
    (books, { name, description, enabled_events, metadata: given, webhook_endpoint: { url } }) =>
      createDestination(books, { name, description, enabled_events, url, metadata: given }),
  ),
  endpoint('GET', '/v2/core/event_destinations', z.looseObject({}), (books) => ({
    data: books.store.all('v2.core.event_destination').reverse(),
    next_page_url: null,
    previous_page_url: null,
  })),
  endpoint('GET', '/v2/core/event_destinations/:id', z.looseObject({}), (books, _, id) =>
    books.need('v2.core.event_destination', id),
  ),
  endpoint('DELETE', '/v2/core/event_destinations/:id', z.looseObject({}), (books, _, id) => {
    books.need('v2.core.event_destination', id);
    books.store.remove('v2.core.event_destination', id);
    return { id, object: 'v2.core.event_destination' };
  }),
];
