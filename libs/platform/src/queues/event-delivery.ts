import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Actor } from '../actor/actor.js';
import { Db } from '../db/db.js';
import { EventsConfig } from './events.config.js';
import { eventsDead, eventsHandled, eventsRetried } from './queue-metrics.js';
import { Log } from '../telemetry/logger.js';
import type { DeliveredEvent } from '../events/event.js';
import type { EffectParts } from '../events/handler.js';
import type { RecordedEvent } from '../events/outbox.js';
import { failureText } from './failure-text.js';
import { type Beginning, type Delivery, Inbox, type StoredEvent } from './inbox.js';
import { PermanentFailure } from '../events/permanent-failure.js';
import { retryWait } from './retry-wait.js';
import { type Subscriber, Subscriptions } from './subscriptions.js';
import { whileRenewed } from './while-renewed.js';

/** What becomes of the job: it is over, or it shall come again. */
export type Outcome =
  | { again: false }
  /** `stranger`: no handler here goes by the job's name. */
  | { again: true; inMs: number; stranger?: boolean };

type Begun = Extract<Beginning, { state: 'begun' }>;
type Crashed = Extract<Beginning, { state: 'crashed' }>;

/** What runs in one transaction is done whole or not at all. */
const NO_PARTS: EffectParts = {
  done: new Set(),
  once: () => Promise.reject(new Error('Only an effect has parts.')),
};

const OVER: Outcome = { again: false };
/** Two minutes: longer than a restart or a failover of Postgres. */
const FINISH_RETRY_MS = 1_000;
const FINISH_TRIES = 120;
/** While a new version is rolled out, old workers meet names that only the new ones know. */
const STRANGER_MS = 5_000;

/** Brings one event to one handler: at most one success, every attempt counted, no failure lost. */
@Injectable()
export class EventDelivery {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly inbox: Inbox,
    private readonly db: Db,
    private readonly config: EventsConfig,
    private readonly log: Log,
  ) {}

  /** Makes one attempt. Throws only when Postgres could not be asked or told; then nothing is decided. */
  async attempt(delivery: Delivery): Promise<Outcome> {
    const mode = this.subscriptions.modeOf(delivery.subscription);
    if (!mode) return { again: true, inMs: STRANGER_MS, stranger: true };

    const begun = await this.inbox.begin(delivery, mode === 'effect' ? this.config.claimMs : null);
    if (begun.state === 'claimed') return { again: true, inMs: begun.forMs };
    if (begun.state === 'gone')
      this.log.warn({ delivery }, 'A job names an event that the outbox does not hold.');
    if (begun.state === 'crashed') return this.crashed(delivery, begun);
    if (begun.state !== 'begun') return OVER;

    try {
      const subscriber = this.subscriberFor(delivery, begun.event);
      await this.handle(subscriber, delivery, begun);
      eventsHandled.inc({ subscription: delivery.subscription });
      return OVER;
    } catch (error) {
      return this.failed(delivery, begun, error);
    }
  }

  private subscriberFor({ subscription }: Delivery, { name, version }: StoredEvent): Subscriber {
    const subscriber = this.subscriptions.find(subscription, name, version);
    if (subscriber) return subscriber;
    throw new PermanentFailure(
      `The subscription ${subscription} does not know version ${version} of ${name}.`,
    );
  }

  private async handle(subscriber: Subscriber, delivery: Delivery, begun: Begun): Promise<void> {
    const event = deliver(subscriber, delivery, begun.event);
    if (subscriber.mode === 'effect') {
      await this.whileClaimed(delivery, begun.attempts, async () => {
        const events = await subscriber.handler.handle(event, this.partsOf(delivery, begun));
        await this.surely(delivery, () => this.inbox.finish(delivery), event.traceId, events ?? []);
      });
      return;
    }
    await this.db.transaction(Actor.system(event.tenantId, event.traceId), async () => {
      // The row's lock makes a second delivery of the same event wait here, and then find it done.
      if (await this.inbox.finish(delivery)) await subscriber.handler.handle(event, NO_PARTS);
    });
  }

  private partsOf(delivery: Delivery, { parts, event }: Begun): EffectParts {
    const done = new Set(parts);
    const once = async (key: string, work: () => Promise<RecordedEvent[]>) => {
      if (done.has(key)) return;
      const events = await work();
      await this.surely(delivery, () => this.inbox.finishPart(delivery, key), event.trace_id, events);
      done.add(key);
    };
    return { done, once };
  }

  /** The effect has left the process: a Postgres that is away for a moment must not make it happen again. */
  private async surely(
    delivery: Delivery,
    mark: () => Promise<boolean>,
    traceId: string,
    events: RecordedEvent[],
  ): Promise<void> {
    for (let left = FINISH_TRIES; ; left--) {
      try {
        await this.db.transaction(Actor.system(delivery.tenantId, traceId), async () => {
          if (await mark()) this.db.record(events);
        });
        return;
      } catch (error) {
        if (left === 0) throw error;
        this.log.warn({ delivery, error }, 'An effect could not be marked as done; trying again.');
        await pause(FINISH_RETRY_MS);
      }
    }
  }

  private whileClaimed(delivery: Delivery, attempts: number, work: () => Promise<void>): Promise<void> {
    const { claimMs: lifeMs } = this.config;
    const renew = () => this.inbox.renew(delivery, attempts, lifeMs);
    const failed = (error: unknown) => this.log.warn({ delivery, error }, 'A claim could not be renewed.');
    return whileRenewed({ lifeMs, renew, failed }, work);
  }

  private async failed(delivery: Delivery, { attempts, event }: Begun, error: unknown): Promise<Outcome> {
    if (error instanceof PermanentFailure || attempts >= this.config.maxAttempts) {
      return this.bury(delivery, attempts, event, error);
    }
    await this.inbox.fail(delivery, attempts, failureText(error));
    return this.comeAgain(delivery, attempts, event, error);
  }

  /**
   * Whatever ran in the process that ended is found here, the one at fault and all who stood beside it. Their next
   * attempts are spread, or they would begin together and end together until all of them are given up.
   */
  private async crashed(delivery: Delivery, { attempts, event, lastError }: Crashed): Promise<Outcome> {
    const ended = `Attempt ${attempts} ended with its process.`;
    const error = new Error(lastError ? `${ended} The last that could say why: ${lastError}` : ended);
    error.name = 'Crash';
    if (attempts >= this.config.maxAttempts) return this.bury(delivery, attempts, event, error);
    return this.comeAgain(delivery, attempts, event, error);
  }

  private comeAgain(delivery: Delivery, attempts: number, event: StoredEvent, error: unknown): Outcome {
    const inMs = retryWait(attempts, this.config);
    eventsRetried.inc({ subscription: delivery.subscription });
    const facts = { ...factsOf(delivery, event), attempts, error, retry_in_ms: inMs };
    this.log.warn(facts, 'An event could not be handled and comes again.');
    return { again: true, inMs };
  }

  private async bury(
    delivery: Delivery,
    attempts: number,
    event: StoredEvent,
    error: unknown,
  ): Promise<Outcome> {
    if (await this.inbox.bury(delivery, attempts, event.name, failureText(error))) {
      eventsDead.inc({ subscription: delivery.subscription });
      this.log.error({ ...factsOf(delivery, event), attempts, error }, 'An event has become a dead letter.');
    }
    return OVER;
  }
}

const factsOf = ({ subscription, eventId, tenantId }: Delivery, event: StoredEvent) => ({
  subscription,
  event: event.name,
  event_id: eventId,
  tenant_id: tenantId,
  trace_id: event.trace_id,
});

function deliver(subscriber: Subscriber, delivery: Delivery, stored: StoredEvent): DeliveredEvent {
  const parsed = subscriber.event.schema.safeParse(stored.payload);
  if (!parsed.success) {
    const where = parsed.error.issues
      .map((issue) => `${issue.path.join('.') || 'payload'}: ${issue.message}`)
      .join('; ');
    throw new PermanentFailure(
      `The payload of ${stored.name} v${stored.version} does not fit its schema: ${where}`,
    );
  }
  return {
    id: stored.id,
    name: stored.name,
    version: stored.version,
    tenantId: delivery.tenantId,
    actor: { type: stored.actor_type, id: stored.actor_id, reason: stored.actor_reason },
    traceId: stored.trace_id,
    address: stored.address,
    occurredAt: stored.occurred_at,
    payload: parsed.data,
  };
}
