import type Stripe from 'stripe';
import type { Clock } from './clock.js';
import { noSuch } from './errors.js';
import type { Customer, Kind, Kinds, SnapshotEvent, ThinEvent } from './kinds.js';
import { withFirstLines } from './lists.js';
import { newId, Store } from './store.js';
import { clone } from './wire.js';

export const API_VERSION = '2026-10-28.endive';

/** What an account chooses in Stripe's dashboard; changed by POST /_control/settings. */
export interface Settings {
  /** Days from one failed attempt to the next; after the last one `after_retries` happens. */
  retry_days: number[];
  after_retries: 'canceled' | 'past_due' | 'paused' | 'unpaid';
  /** How long a renewal's invoice stays a draft. */
  draft_seconds: number;
  /** How many days before a renewal invoice.upcoming is sent; 0 sends none. */
  upcoming_days: number;
  /** What automatic tax comes to, everywhere and for everybody; a number that Stripe would look up by address. */
  tax_percent: number;
  /** How many errors of a meter one report tells of; Stripe gathers those of a while. */
  errors_per_report: number;
}

const DEFAULT_SETTINGS: Settings = {
  retry_days: [3, 5, 7],
  after_retries: 'canceled',
  draft_seconds: 3_600,
  upcoming_days: 7,
  tax_percent: 0,
  errors_per_report: 1,
};

export type EventType = Stripe.EventBase['type'];

/** The request an event came from: https://docs.stripe.com/api/events/object#event_object-request */
export interface Origin {
  id: string | null;
  idempotency_key: string | null;
}

export type Settlement = 'action' | 'exhausted' | 'failed' | 'paid' | 'voided';

/** The account's books: what there is, what time it is for each customer, and what happened. */
export class Books {
  readonly store = new Store();
  settings: Settings = { ...DEFAULT_SETTINGS };
  /** Whose key the request came with. */
  account = '';
  origin: Origin = { id: null, idempotency_key: null };
  /** The next payments that shall fail, whatever the card: by faults of kind `decline`. */
  declines: { customer?: string; decline_code: string; times: number }[] = [];
  /** Told how it went with an invoice; what that means for its subscription is decided in life/aftermath.ts. */
  settled: (invoice: Kinds['invoice'], how: Settlement) => void = () => {};
  /** Faults of ours, for the part's log. */
  log: (line: string) => void = (line) => void process.stderr.write(`${line}\n`);
  /** What time could not bring any further, by id; its log says why. */
  readonly stuck = new Set<string>();
  /** When an event happened by the server's clock: what it says itself may be a test clock's time. */
  readonly happenedAt = new WeakMap<object, number>();
  private unsent: (SnapshotEvent | ThinEvent)[] = [];

  constructor(
    readonly clock: Clock,
    /** Where our pages are; known once the server listens. */
    public baseUrl = 'http://127.0.0.1',
    private readonly told: (event: SnapshotEvent | ThinEvent) => void = () => {},
  ) {}

  /** Seconds: the time of the customer's test clock if it has one, else the server's. */
  now(customer?: string | null): number {
    const clock = customer ? this.store.get('customer', customer)?.test_clock : undefined;
    return clock ? this.testClock(clock) : this.clock.now();
  }

  private testClock(id: string): number {
    return this.store.get('test_helpers.test_clock', id)?.frozen_time ?? this.clock.now();
  }

  /** Throws resource_missing; `param` is the parameter that named it, none for the path. */
  need<K extends Kind>(kind: K, id: string, param?: string): Kinds[K] {
    const found = this.store.get(kind, id);
    if (!found) throw noSuch(kind.replace(/^.*\./, '').replace('payment_method', 'PaymentMethod'), id, param);
    return found;
  }

  customer(id: string, param = 'customer'): Customer {
    return this.need('customer', id, param);
  }

  add<K extends Kind>(object: Kinds[K], type?: EventType): Kinds[K] {
    this.store.add<K>(object);
    if (type) this.emit(type, object);
    return object;
  }

  /** Changes an object and tells of it, if anything is different now. */
  change<K extends Kind>(object: Kinds[K], changes: Partial<Kinds[K]>, type?: EventType): Kinds[K] {
    const previous = differences(object, changes);
    if (Object.keys(previous).length === 0) return object;
    this.store.touch(object);
    Object.assign(object, changes);
    if (type) this.emit(type, object, previous);
    return object;
  }

  /** https://docs.stripe.com/api/events/object: it leaves when the work around it is done. */
  emit(type: EventType, object: unknown, previous?: Record<string, unknown>): void {
    const { customer, test_clock } = object as { customer?: string | null; test_clock?: string | null };
    const event: SnapshotEvent = {
      id: newId('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: test_clock ? this.testClock(test_clock) : this.now(customer),
      data: { object: withFirstLines(clone(object)), ...(previous ? { previous_attributes: previous } : {}) },
      livemode: false,
      pending_webhooks: this.store.all('webhook_endpoint').filter((one) => one.status === 'enabled').length,
      request: { ...this.origin },
      type,
    };
    this.store.add<'event'>(event);
    this.happenedAt.set(event, this.clock.now());
    this.unsent.push(event);
  }

  /** https://docs.stripe.com/api/v2/core/events/object: no more than whom it is about. */
  emitThin(event: Omit<ThinEvent, 'created' | 'id' | 'livemode' | 'object'>): ThinEvent {
    const whole: ThinEvent = {
      ...event,
      id: newId('evt'),
      object: 'v2.core.event',
      created: new Date(this.clock.now() * 1000).toISOString(),
      livemode: false,
    };
    this.store.add<'v2.core.event'>(whole);
    this.unsent.push(whole);
    return whole;
  }

  /** One piece of work: all of it or nothing; its events leave when it is done. */
  transact<T>(work: () => T, keeps: (error: unknown) => boolean = () => false): T {
    const before = this.unsent;
    this.unsent = [];
    const leave = () => {
      const events = this.unsent;
      this.unsent = before;
      for (const event of events) this.told(event);
    };
    try {
      const result = this.store.attempt(work, keeps);
      leave();
      return result;
    } catch (error) {
      if (keeps(error)) leave();
      this.unsent = before;
      throw error;
    }
  }

  /** What would come of it. */
  imagine<T>(work: () => T): T {
    const before = this.unsent;
    this.unsent = [];
    try {
      return this.store.imagine(work);
    } finally {
      this.unsent = before;
    }
  }
}

/** The former values of what `changes` would make different, nested as Stripe shows them. */
function differences(object: object, changes: object): Record<string, unknown> {
  const before = object as Record<string, unknown>;
  const changed = Object.entries(changes).filter(
    ([name, value]) => JSON.stringify(before[name]) !== JSON.stringify(value),
  );
  return Object.fromEntries(
    changed.map(([name, value]) => {
      const was = before[name] ?? null;
      return [name, isPlain(was) && isPlain(value) ? differencesBothWays(was, value) : clone(was)];
    }),
  );
}

function differencesBothWays(
  was: Record<string, unknown>,
  is: Record<string, unknown>,
): Record<string, unknown> {
  const gone = Object.keys(was).filter((name) => !(name in is));
  return { ...differences(was, is), ...Object.fromEntries(gone.map((name) => [name, was[name]])) };
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
