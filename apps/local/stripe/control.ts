import { z } from 'zod';
import type { Api } from './api.js';
import type { Books } from './books.js';
import { FaultInput } from './faults.js';
import type { Faults } from './faults.js';
import { createDispute, closeDispute } from './objects/disputes.js';
import { rollSecret } from './objects/webhook-endpoints.js';
import { runDue } from './life/due.js';
import type { Webhooks } from './webhooks.js';

export interface Controlled {
  books: Books;
  api: Api;
  faults: Faults;
  webhooks: Webhooks;
}

const WebhookControl = z.strictObject({
  chaos: z.boolean().optional(),
  seed: z.number().int().optional(),
  max_delay_ms: z.number().int().min(0).max(60_000).optional(),
  hold: z.literal(true).optional(),
  release: z.enum(['made', 'reversed', 'shuffled']).optional(),
  redeliver: z.string().optional(),
  endpoint: z.string().optional(),
  roll_secret: z.string().optional(),
});
const ClockControl = z.strictObject({ advance: z.number().int().min(0) });
const EventControl = z.union([
  z.strictObject({
    type: z.string(),
    object: z.record(z.string(), z.unknown()),
    previous_attributes: z.record(z.string(), z.unknown()).optional(),
  }),
  z.strictObject({
    type: z.string(),
    thin: z.literal(true),
    data: z.unknown().optional(),
    related_object: z.strictObject({ id: z.string(), type: z.string(), url: z.string() }).optional(),
  }),
]);
const DisputeControl = z.union([
  z.strictObject({ charge: z.string(), reason: z.string().default('fraudulent') }),
  z.strictObject({ dispute: z.string(), status: z.enum(['lost', 'won']) }),
]);
const SettingsControl = z.strictObject({
  retry_days: z.array(z.number().int().min(1)).optional(),
  after_retries: z.enum(['canceled', 'past_due', 'paused', 'unpaid']).optional(),
  draft_seconds: z.number().int().min(0).optional(),
  upcoming_days: z.number().int().min(0).optional(),
  tax_percent: z.number().min(0).max(100).optional(),
  errors_per_report: z.number().int().min(1).optional(),
});

type Handler = (parts: Controlled, body: unknown, query: URLSearchParams, gone: AbortSignal) => unknown;

/** What no real Stripe has: faults, chaos, time. Loopback alone, like all of this server. */
const HANDLERS: Record<string, Handler> = {
  'POST faults': ({ faults, books }, body) => {
    const input = FaultInput.parse(body);
    if (input.kind !== 'decline') return faults.add(input);
    const { customer, decline_code, times } = input;
    books.declines.push({ ...(customer === undefined ? {} : { customer }), decline_code, times });
    return { kind: 'decline', customer: customer ?? null, decline_code, times };
  },
  'GET faults': ({ faults, books }) => ({ faults: faults.list(), declines: books.declines }),
  'DELETE faults': ({ faults, books }) => {
    faults.clear();
    books.declines = [];
    return { faults: [] };
  },
  'POST webhooks': ({ webhooks, books }, body) =>
    controlWebhooks(webhooks, books, WebhookControl.parse(body)),
  /** `?idle=true` answers once nothing is on its way. */
  'GET webhooks': async ({ webhooks }, _, query, gone) => {
    if (query.has('idle')) await webhooks.idle(gone);
    return { chaos: webhooks.chaos, deliveries: webhooks.list() };
  },
  'POST clock': ({ books }, body) => advanceClock(books, ClockControl.parse(body).advance),
  'GET clock': ({ books }) => clockOf(books),
  'GET requests': ({ api }, _, query) => {
    const [method, path] = [query.get('method'), query.get('path')];
    return {
      requests: api.asked.filter(
        (one) => (method === null || one.method === method) && (path === null || one.path === path),
      ),
    };
  },
  'DELETE requests': ({ api }) => {
    api.asked.length = 0;
    return { requests: [] };
  },
  'POST events': ({ books }, body) => {
    const input = EventControl.parse(body);
    if ('thin' in input)
      return books.transact(() =>
        books.emitThin({ type: input.type, data: input.data, related_object: input.related_object }),
      );
    books.transact(() => books.emit(input.type as never, input.object, input.previous_attributes));
    return books.store.all('event').at(-1);
  },
  'POST disputes': ({ books }, body) => {
    const input = DisputeControl.parse(body);
    return books.transact(() =>
      'charge' in input
        ? createDispute(books, books.need('charge', input.charge), input.reason)
        : closeDispute(books, input.dispute, input.status),
    );
  },
  'POST settings': ({ books }, body) => {
    books.settings = { ...books.settings, ...SettingsControl.parse(body) };
    return books.settings;
  },
  'GET settings': ({ books }) => books.settings,
};

function controlWebhooks(webhooks: Webhooks, books: Books, input: z.output<typeof WebhookControl>): unknown {
  const { chaos, seed, max_delay_ms, hold, release, redeliver, endpoint, roll_secret: roll } = input;
  webhooks.setChaos({
    ...(chaos === undefined ? {} : { on: chaos }),
    ...(seed === undefined ? {} : { seed }),
    ...(max_delay_ms === undefined ? {} : { max_delay_ms }),
  });
  if (hold) webhooks.hold();
  const released = release === undefined ? 0 : webhooks.release(release);
  const redelivered = redeliver === undefined ? false : webhooks.redeliver(redeliver, endpoint);
  return {
    chaos: webhooks.chaos,
    released,
    redelivered,
    ...(roll === undefined ? {} : { secret: rollSecret(books, books.need('webhook_endpoint', roll).id) }),
  };
}

/** The whole server's time; what falls due on the way happens at its own moment. */
export function advanceClock(books: Books, seconds: number): { now: number; ahead: number } {
  const target = books.clock.now() + seconds;
  runDue(books, null, target, () => {});
  books.clock.advance(seconds);
  return clockOf(books);
}

function clockOf({ clock }: Books): { now: number; ahead: number } {
  return { now: clock.now(), ahead: clock.secondsAhead };
}

/** Throws ZodError for what it does not understand; undefined for a path that is none. */
export function control(
  parts: Controlled,
  { method, path, query, body }: { method: string; path: string; query: URLSearchParams; body: string },
  gone: AbortSignal,
): { answer: unknown } | undefined {
  const handler = HANDLERS[`${method} ${path.replace('/_control/', '')}`];
  if (!handler) return undefined;
  return { answer: handler(parts, body === '' ? {} : JSON.parse(body), query, gone) };
}
