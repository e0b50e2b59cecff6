import { createHash } from 'node:crypto';
import type Stripe from 'stripe';
import type { LocalStripe } from '../../apps/local/stripe/local-stripe.js';
import type { Kind } from '../../apps/local/stripe/kinds.js';
import { customersLife, TENANT } from './stripe-recorded-life.js';
import { testStripe, webhookCatcher } from '../../apps/local/stripe/testing.js';

/** A fixed time: two recordings are the same. */
const NOW_MS = Date.parse('2026-11-02T09:00:00Z');

/** What a snapshot or a thin event of a type shall be about, and whether there is one of either. */
export interface Wanted {
  /** Without `v1.`. */
  type: string;
  /** The word in `object`. */
  about: string;
  isSnapshot: boolean;
  isThin: boolean;
}

/** Where an object is, for the thin events about it; the others are in the plural of their name. */
const PATHS: Readonly<Record<string, string>> = {
  'billing.meter': 'billing/meters',
  'checkout.session': 'checkout/sessions',
  'test_helpers.test_clock': 'test_helpers/test_clocks',
};
const pathOf = (about: string): string => PATHS[about] ?? `${about}s`;

/** Thin events that are about no object; the library gives them none. */
const ABOUT_NOTHING = ['billing.meter.no_meter_found', 'customer.discount.source_changed'];

/**
 * The bodies that a local Stripe sends, by file name, one for each kind of event that is wanted. First somebody lives as a
 * customer does, and what comes of that is taken; then what did not happen is made to, of the newest object of its kind.
 */
export async function recordWebhooks(wanted: readonly Wanted[]): Promise<Map<string, string>> {
  const given = await testStripe({ realTime: () => NOW_MS });
  const catcher = await webhookCatcher();
  try {
    const { stripe, local } = given;
    await stripe.webhookEndpoints.create({ url: catcher.url, enabled_events: ['*'] });
    await stripe.v2.core.eventDestinations.create({
      ...{ name: 'all', type: 'webhook_endpoint', event_payload: 'thin' },
      ...{ enabled_events: ['*'], webhook_endpoint: { url: catcher.url } },
    });
    await customersLife(given);
    makeTheRest(local, wanted);
    await local.webhooks.idle();
    return chosen(
      local,
      catcher.caught.map((one) => one.body),
      wanted,
    );
  } finally {
    await given.stop();
    await catcher.stop();
  }
}

function makeTheRest({ books }: LocalStripe, wanted: readonly Wanted[]): void {
  const happened = new Set(
    [...books.store.all('event'), ...books.store.all('v2.core.event')].map((one) => one.type),
  );
  for (const { type, about, isSnapshot, isThin } of wanted) {
    const object = ABOUT_NOTHING.includes(type) ? undefined : newest(books.store.all(about as Kind), about);
    if (isSnapshot && !happened.has(type)) books.transact(() => books.emit(type as never, object));
    if (!isThin || happened.has(`v1.${type}`)) continue;
    const related = object && { id: object.id, type: about, url: `/v1/${pathOf(about)}/${object.id}` };
    books.transact(() =>
      books.emitThin({ type: `v1.${type}`, ...(related ? { related_object: related } : {}) }),
    );
  }
}

/** Of those that are somebody's, if they have to be. */
function newest(all: readonly object[], about: string): { id: string } {
  const found = all.findLast((one) => {
    const { object, metadata } = one as { object: string; metadata?: Record<string, string> };
    return !['customer', 'subscription'].includes(object) || metadata?.tenant_id === TENANT;
  });
  if (!found) throw new Error(`Nobody who was recorded has a ${about}.`);
  return found as { id: string };
}

/** The first of each type, in the order in which they were made, with ids that are the same in every recording. */
function chosen(
  { books, url }: LocalStripe,
  bodies: readonly string[],
  wanted: readonly Wanted[],
): Map<string, string> {
  const order = [...books.store.all('event'), ...books.store.all('v2.core.event')].map((one) => one.id);
  const read = bodies
    .map((body) => ({ body, ...(JSON.parse(body) as Pick<Stripe.Event, 'id' | 'type'>) }))
    .sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  const rename = stableIds();
  const files = new Map<string, string>();
  const types = wanted.flatMap(({ type, isSnapshot, isThin }) => [
    ...(isSnapshot ? [type] : []),
    ...(isThin ? [`v1.${type}`] : []),
  ]);
  for (const { type, body } of read) {
    const file = `${type}.json`;
    if (!types.includes(type) || files.has(file)) continue;
    files.set(file, `${rename(body.replaceAll(url, 'https://stripe.example.com'))}\n`);
  }
  return files;
}

/**
 * An id of Stripe's with something drawn in it: no word is a capital or a digit among so many letters. No word follows `req_`,
 * and those are so many that one of small letters alone comes up.
 */
const DRAWN =
  /\b([a-z]+(?:_[a-z]+)*)_(?:(?<=\breq_)|(?=[A-Za-z]*[A-Z0-9]))([A-Za-z0-9]{14,24}|[A-Za-z0-9]{58})\b/g;
/** What the library draws for a request that has no key of its own. */
const RETRY_KEY = /stripe-node-retry-[0-9a-f-]{36}/g;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Replaces what is drawn in ids by what follows from their order; the same id stays the same. */
function stableIds(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) =>
    text.replace(RETRY_KEY, 'recorded').replace(DRAWN, (id, prefix: string, drawn: string) => {
      if (id === TENANT) return id;
      if (!known.has(id)) known.set(id, `${prefix}_${made(`${prefix} ${known.size}`, drawn.length)}`);
      return known.get(id)!;
    });
}

const made = (from: string, length: number): string =>
  [...createHash('sha512').update(from).digest()]
    .slice(0, length)
    .map((byte) => LETTERS[byte % LETTERS.length])
    .join('');
