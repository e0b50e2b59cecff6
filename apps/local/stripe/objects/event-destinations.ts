import { z } from 'zod';
import type { Books } from '../books.js';
import type { Kinds } from '../kinds.js';
import { mergeMetadata } from '../form.js';
import { endpoint } from '../router.js';
import { isThinEvent } from '../sdk-events.js';
import { newId } from '../store.js';
import { mustBeUrl, newSecret } from './webhook-endpoints.js';

type Destination = Kinds['v2.core.event_destination'];

const URL_FIELD = 'webhook_endpoint.url';
const SECRET_FIELD = 'webhook_endpoint.signing_secret';

export interface DestinationInput {
  name: string;
  description?: string;
  enabled_events: string[];
  url: string;
  /** Ours to choose only at start; Stripe makes them. */
  secret?: string;
  metadata?: Record<string, string>;
}

/** https://docs.stripe.com/api/v2/core/event-destinations/object: where thin events go. */
export function createDestination(books: Books, given: DestinationInput): Destination {
  mustBeUrl(given.url);
  const now = isoNow(books);
  const destination = books.add<'v2.core.event_destination'>({
    id: newId('ed'),
    object: 'v2.core.event_destination',
    created: now,
    description: given.description ?? '',
    enabled_events: given.enabled_events,
    event_payload: 'thin',
    events_from: ['@self'],
    livemode: false,
    metadata: given.metadata ?? {},
    name: given.name,
    status: 'enabled',
    type: 'webhook_endpoint',
    updated: now,
    webhook_endpoint: { url: given.url },
  });
  books.store.note(destination.id, { secret: given.secret ?? newSecret() });
  return destination;
}

const isoNow = (books: Books): string => new Date(books.now() * 1000).toISOString();

/** Where it sends is shown to who asks for it, and the secret to who makes it and asks: the SDK's `include`. */
function shown(books: Books, destination: Destination, fields: readonly string[] = []): Destination {
  const { secret } = books.store.notes(destination.id);
  return {
    ...destination,
    webhook_endpoint: {
      ...(fields.includes(URL_FIELD) ? { url: destination.webhook_endpoint?.url } : {}),
      ...(fields.includes(SECRET_FIELD) ? { signing_secret: secret } : {}),
    },
  };
}

/** A form's array in a query, JSON's in a body. */
const include = (...fields: [string, ...string[]]) => z.array(z.enum(fields)).optional();

const EventName = z.string().refine(isThinEvent, 'event');

const Create = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  enabled_events: z.array(EventName).min(1),
  event_payload: z.literal('thin'),
  events_from: z.array(z.string()).optional(),
  include: include(URL_FIELD, SECRET_FIELD),
  metadata: z.record(z.string(), z.string()).optional(),
  type: z.literal('webhook_endpoint'),
  webhook_endpoint: z.strictObject({ url: z.string() }),
});
const Update = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  enabled_events: z.array(EventName).min(1).optional(),
  include: include(URL_FIELD),
  metadata: z.record(z.string(), z.string()).optional(),
  webhook_endpoint: z.strictObject({ url: z.string() }).optional(),
});
const Look = z.strictObject({ include: include(URL_FIELD), limit: z.string().optional() });

function update(
  books: Books,
  { include: fields, metadata, ...given }: z.output<typeof Update>,
  id: string,
): Destination {
  const known = books.need('v2.core.event_destination', id);
  if (given.webhook_endpoint) mustBeUrl(given.webhook_endpoint.url);
  const changed = books.change<'v2.core.event_destination'>(known, {
    ...given,
    metadata: mergeMetadata(known.metadata ?? {}, metadata),
    updated: isoNow(books),
  });
  return shown(books, changed, fields);
}

function setStatus(books: Books, id: string, status: Destination['status']): Destination {
  const known = books.need('v2.core.event_destination', id);
  return shown(books, books.change<'v2.core.event_destination'>(known, { status, updated: isoNow(books) }));
}

const PATH = '/v2/core/event_destinations';
const none = z.strictObject({});

export const eventDestinations = [
  endpoint('POST', PATH, Create, (books, { webhook_endpoint: { url }, include: fields, ...given }) =>
    shown(books, createDestination(books, { ...given, url }), fields),
  ),
  endpoint('GET', PATH, Look, (books, { include: fields }) => ({
    data: books.store
      .all('v2.core.event_destination')
      .reverse()
      .map((one) => shown(books, one, fields)),
    next_page_url: null,
    previous_page_url: null,
  })),
  endpoint('GET', `${PATH}/:id`, Look, (books, { include: fields }, id) =>
    shown(books, books.need('v2.core.event_destination', id), fields),
  ),
  endpoint('POST', `${PATH}/:id`, Update, update),
  endpoint('POST', `${PATH}/:id/disable`, none, (books, _, id) => setStatus(books, id, 'disabled')),
  endpoint('POST', `${PATH}/:id/enable`, none, (books, _, id) => setStatus(books, id, 'enabled')),
  endpoint('DELETE', `${PATH}/:id`, none, (books, _, id) => {
    books.need('v2.core.event_destination', id);
    books.store.remove('v2.core.event_destination', id);
    return { id, object: 'v2.core.event_destination' };
  }),
];
