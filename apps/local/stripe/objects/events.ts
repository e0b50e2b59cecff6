import type Stripe from 'stripe';
import { z } from 'zod';
import type { Books } from '../books.js';
import { DAY } from '../clock.js';
import { flag, listParamsOf, many, paramsOf, range, text } from '../form.js';
import { inRange, pageOf } from '../lists.js';
import { endpoint } from '../router.js';

/** https://docs.stripe.com/api/events: kept for 30 days. */
const KEPT_DAYS = 30;

const List = listParamsOf<Stripe.EventListParams>()({
  created: range().optional(),
  delivery_success: flag().optional(),
  type: text().optional(),
  types: many(text()).optional(),
});

function living(books: Books) {
  const oldest = books.clock.now() - KEPT_DAYS * DAY;
  return books.store.all('event').filter((one) => (books.happenedAt.get(one) ?? one.created) >= oldest);
}

/** `invoice.*` names all of one kind. */
function isOfType(type: string, wanted: string): boolean {
  return wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}

export const events = [
  endpoint('GET', '/v1/events', List, (books, params) =>
    pageOf(
      '/v1/events',
      living(books)
        .filter((one) => params.type === undefined || isOfType(one.type, params.type))
        .filter((one) => params.types === undefined || params.types.some((type) => isOfType(one.type, type)))
        .filter(
          (one) =>
            params.delivery_success === undefined || (one.pending_webhooks === 0) === params.delivery_success,
        )
        .filter((one) => inRange(one.created, params.created)),
      params,
    ),
  ),
  endpoint('GET', '/v1/events/:id', paramsOf<Stripe.EventRetrieveParams>()({}), (books, _, id) =>
    books.need('event', id),
  ),
  // https://docs.stripe.com/api/v2/core/events: the thin event, now with what it is about.
  endpoint(
    'GET',
    '/v2/core/events',
    z.looseObject({ object_id: text().optional(), types: many(text()).optional() }),
    (books, { object_id: of, types }) => ({
      data: books.store
        .all('v2.core.event')
        .filter((one) => of === undefined || one.related_object?.id === of)
        .filter((one) => types === undefined || types.includes(one.type))
        .reverse(),
      next_page_url: null,
      previous_page_url: null,
    }),
  ),
  endpoint('GET', '/v2/core/events/:id', z.looseObject({}), (books, _, id) =>
    books.need('v2.core.event', id),
  ),
];
