import { createHmac } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { Books } from './books.js';
import type { SnapshotEvent, ThinEvent } from './kinds.js';
import { post } from './post.js';
import { newId } from './store.js';

/** One copy of an event on its way to one endpoint. */
export interface Delivery {
  id: string;
  event: string;
  type: string;
  endpoint: string;
  url: string;
  attempts: number;
  state: 'delivered' | 'given_up' | 'held' | 'sending' | 'waiting';
  /** What the endpoint answered last, or why it did not. */
  answer: string | null;
}

export interface Chaos {
  on: boolean;
  /** The same seed makes the same choices in the same order. */
  seed: number;
  max_delay_ms: number;
}

export interface WebhookOptions extends Partial<Chaos> {
  /** Milliseconds from one failed attempt to the next; after the last it is given up. */
  retryMs?: number[];
}

/** Three days as Stripe's, but the first ones at once: a developer waits for them. */
const RETRY_MS = [
  500, 2_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 43_200_000, 86_400_000, 86_400_000,
];
const MOST_DELIVERIES = 5_000;
const THIS_MACHINE = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Sends events to their endpoints, signed as https://docs.stripe.com/webhooks#verify-manually says, and as badly as the
 * network does: late, more than once, in any order. A seed repeats the choices; calm, each is sent once and at once.
 */
export class Webhooks {
  private readonly deliveries: Delivery[] = [];
  private readonly changed = new EventEmitter().setMaxListeners(0);
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly retryMs: number[];
  private random: () => number;
  private holding = false;
  private stopped = false;
  chaos: Chaos;

  constructor(
    private readonly books: Books,
    { retryMs = RETRY_MS, on = true, seed = 1, max_delay_ms = 300 }: WebhookOptions = {},
  ) {
    this.retryMs = retryMs;
    this.chaos = { on, seed, max_delay_ms };
    this.random = randomFrom(seed);
  }

  setChaos(changes: Partial<Chaos>): void {
    this.chaos = { ...this.chaos, ...changes };
    if (changes.seed !== undefined) this.random = randomFrom(changes.seed);
  }

  /** To every endpoint that wants events of its type. */
  send(event: SnapshotEvent | ThinEvent): void {
    for (const { id, url } of this.receivers(event)) {
      for (let copies = this.copies(); copies > 0; copies--) this.enqueue(event, id, url);
    }
  }

  hold(): void {
    this.holding = true;
  }

  /** Lets go what was held, in the order of its making, the other way round, or shuffled by the seed. */
  release(order: 'made' | 'reversed' | 'shuffled' = 'made'): number {
    this.holding = false;
    const held = this.deliveries.filter((one) => one.state === 'held');
    if (order === 'reversed') held.reverse();
    if (order === 'shuffled') shuffle(held, this.random);
    for (const delivery of held) this.after(this.delay(), delivery);
    return held.length;
  }

  /** Sends it again to all endpoints that want it, or to one. False for an event that is not there. */
  redeliver(eventId: string, endpoint?: string): boolean {
    const event = this.event(eventId);
    if (!event) return false;
    for (const { id, url } of this.receivers(event))
      if (endpoint === undefined || endpoint === id) this.enqueue(event, id, url);
    return true;
  }

  list(): Delivery[] {
    return this.deliveries;
  }

  /** Resolves when nothing is on its way; what is held or waits for another attempt does not count. */
  async idle(signal?: AbortSignal): Promise<void> {
    while (
      !signal?.aborted &&
      this.deliveries.some(
        (one) => one.state === 'sending' || (one.state === 'waiting' && one.attempts === 0),
      )
    )
      await once(this.changed, 'change', { signal }).catch(() => undefined);
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  private receivers(event: SnapshotEvent | ThinEvent): { id: string; url: string }[] {
    if (event.object === 'event')
      return this.books.store
        .all('webhook_endpoint')
        .filter((one) => one.status === 'enabled' && wants(one.enabled_events, event.type));
    return this.books.store
      .all('v2.core.event_destination')
      .filter((one) => one.status === 'enabled' && wants(one.enabled_events, event.type))
      .map(({ id, webhook_endpoint }) => ({ id, url: webhook_endpoint?.url ?? '' }));
  }

  private enqueue(event: SnapshotEvent | ThinEvent, endpoint: string, url: string): void {
    const delivery: Delivery = {
      id: newId('dlv', 12),
      event: event.id,
      type: event.type,
      endpoint,
      url,
      attempts: 0,
      state: this.holding ? 'held' : 'waiting',
      answer: null,
    };
    this.deliveries.push(delivery);
    if (this.deliveries.length > MOST_DELIVERIES) this.deliveries.shift();
    if (!this.holding) this.after(this.delay(), delivery);
  }

  private after(ms: number, delivery: Delivery): void {
    if (this.stopped) return;
    delivery.state = 'waiting';
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.attempt(delivery);
    }, ms).unref();
    this.timers.add(timer);
  }

  private async attempt(delivery: Delivery): Promise<void> {
    const event = this.event(delivery.event);
    const secrets = this.secrets(delivery.endpoint);
    delivery.state = 'sending';
    delivery.attempts++;
    delivery.answer = await this.deliver(delivery, event, secrets);
    const done = delivery.answer.startsWith('2');
    const again = this.retryMs[delivery.attempts - 1];
    if (done) delivery.state = 'delivered';
    else if (again === undefined || secrets.length === 0) delivery.state = 'given_up';
    else this.after(again, delivery);
    if (done && event?.object === 'event' && event.pending_webhooks > 0) event.pending_webhooks--;
    this.changed.emit('change');
  }

  private async deliver(
    { url }: Delivery,
    event: SnapshotEvent | ThinEvent | undefined,
    secrets: string[],
  ): Promise<string> {
    if (!event || secrets.length === 0) return 'the endpoint or the event is gone';
    if (!THIS_MACHINE.has(new URL(url).hostname)) return 'not this machine: nothing was sent';
    const body = JSON.stringify(asSent(event), null, 2);
    const header = signature(body, secrets, this.books.clock.realNow());
    return post(url, body, { 'stripe-signature': header, 'user-agent': 'Stripe/1.0 (local)' });
  }

  /** Both, while the endpoint's secret is being rolled. */
  private secrets(endpoint: string): string[] {
    const { store, clock } = this.books;
    const { secret, previous_secret, secret_until = 0 } = store.notes(endpoint);
    if (
      !secret ||
      !(store.get('webhook_endpoint', endpoint) ?? store.get('v2.core.event_destination', endpoint))
    )
      return [];
    return previous_secret && secret_until > clock.now() ? [secret, previous_secret] : [secret];
  }

  private event(id: string): SnapshotEvent | ThinEvent | undefined {
    return this.books.store.get('event', id) ?? this.books.store.get('v2.core.event', id);
  }

  private copies(): number {
    if (!this.chaos.on) return 1;
    const chance = this.random();
    if (chance < 0.7) return 1;
    return chance < 0.9 ? 2 : 3;
  }

  private delay(): number {
    return this.chaos.on ? Math.floor(this.random() * this.chaos.max_delay_ms) : 0;
  }
}

/** `t=...,v1=...` over the body, once for each secret. */
function signature(body: string, secrets: string[], time: number): string {
  const signed = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`,
  );
  return [`t=${time}`, ...signed].join(',');
}

function wants(enabled: string[], type: string): boolean {
  return enabled.some((one) => one === '*' || one === type);
}

/** A thin event says what happened to what; the rest has to be fetched. */
function asSent(event: SnapshotEvent | ThinEvent): unknown {
  if (event.object === 'event') return event;
  const { data: _, ...thin } = event;
  return thin;
}

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffle<T>(list: T[], random: () => number): void {
  for (let index = list.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [list[index], list[other]] = [list[other]!, list[index]!];
  }
}
