import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DelayedError, type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { EventDelivery, type Outcome } from './event-delivery.js';
import { retryWait } from './retry-wait.js';
import { RedisClients } from '../redis/redis-clients.js';
import { Log } from '../telemetry/logger.js';
import { EventsConfig } from './events.config.js';
import { EVENTS_QUEUE, type EventJob, QUEUE_CONNECTION, QUEUE_PREFIX } from './events-queue.js';
import { offeredAgain } from './passed-on.js';
import { Subscriptions } from './subscriptions.js';

/** While Postgres is away every job comes back; it is asked for soon enough after it has returned, in ms. */
const OUTAGE = { retryMs: 500, retryMaxMs: 15_000 };
/** So long does a failed attempt keep its place then: a full queue must not fail through as fast as it can. */
const OUTAGE_PAUSE_MS = 2_000;
/** A name that no worker has known for so long belongs to a handler that was removed. */
const STRANGER_MAX_MS = 3_600_000;
/** That nobody serves a subscription is said no more often, in ms. */
const TELL_MS = 60_000;
/** BullMQ waits 15 s after a lost connection; a restarted Redis is back sooner. */
const RECONNECT_MS = 1_000;

/** Takes jobs from the queue and has their events handled. */
@Injectable()
export class EventConsumer {
  private worker?: Worker<EventJob>;
  private connection?: Redis;
  private readonly stopping = new AbortController();
  private readonly attempts = new Set<Promise<Outcome>>();
  /** When it was last said that nobody serves a subscription, epoch ms. */
  private readonly toldOf = new Map<string, number>();

  constructor(
    private readonly delivery: EventDelivery,
    private readonly subscriptions: Subscriptions,
    private readonly redis: RedisClients,
    private readonly config: EventsConfig,
    private readonly log: Log,
  ) {}

  /** Nest's own `@Processor` takes these options from a decorator, where configuration does not reach. */
  start(): void {
    const { concurrency, lockMs, stalledMs } = this.config;
    this.connection = this.redis.open('queues', QUEUE_CONNECTION);
    this.worker = new Worker<EventJob>(EVENTS_QUEUE, (job, token) => this.process(job, token), {
      connection: this.connection,
      prefix: QUEUE_PREFIX,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: stalledMs,
      // Crashes are counted in Postgres; BullMQ would give a job up for good after the second.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: RECONNECT_MS,
      settings: { backoffStrategy: (attempts) => retryWait(attempts, OUTAGE) },
    });
    this.worker.on('error', (error) => this.log.debug({ error }, 'BullMQ'));
    this.worker.on('failed', (job, error) =>
      this.log.warn({ job: job?.id, error }, 'A job could not be worked on and comes again.'),
    );
    this.worker.on('stalled', (job) =>
      this.log.warn({ job }, 'The job of a worker that has ended is taken over.'),
    );
  }

  /**
   * Takes no further jobs and waits for those begun, but no longer than configured; those still running then are
   * another worker's soon. Gives whether all have ended.
   */
  async stop(): Promise<boolean> {
    if (!this.worker) return true;
    this.stopping.abort();
    const deadline = new AbortController();
    const late = pause(this.config.shutdownMs, false, { signal: deadline.signal }).catch(() => false);
    const ended = await Promise.race([this.close(this.worker), late]);
    deadline.abort();
    this.connection?.disconnect();
    if (!ended)
      this.log.warn({}, 'Handlers that had begun did not end in time; another worker will repeat them.');
    return ended;
  }

  private async close(worker: Worker<EventJob>): Promise<true> {
    const closed = worker
      .close()
      .catch((error: unknown) => this.log.warn({ error }, 'The consumer did not close cleanly.'));
    await Promise.allSettled(this.attempts);
    // BullMQ would wait for a Redis that is away; the inbox knows already what has been done.
    if (this.connection?.status === 'ready') await closed;
    return true;
  }

  private async process(job: Job<EventJob>, token: string | undefined): Promise<void> {
    const { tenant_id: tenantId, event_id: eventId, recorded_at: recordedAt, subscription } = job.data;
    if (!subscription) return; // The shell of a job whose data an emptied Redis lost; the sweeper adds it again.
    if (this.subscriptions.isElsewhere(subscription)) return this.passOn(job, token);
    // Somebody serves it: whether anybody does is judged anew, also when this process is killed now.
    if (job.data.passed_on) await job.updateData({ ...job.data, passed_on: undefined });

    const attempt = this.delivery.attempt({ tenantId, eventId, recordedAt, subscription });
    this.attempts.add(attempt);
    const outcome = await attempt
      .finally(() => this.attempts.delete(attempt))
      .catch(async (error: unknown) => {
        await pause(OUTAGE_PAUSE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
        throw error;
      });
    if (!outcome.again) return;
    if (outcome.stranger && Date.now() - job.timestamp > STRANGER_MAX_MS) return;
    await job.moveToDelayed(Date.now() + outcome.inMs, token);
    throw new DelayedError();
  }

  /** Another worker serves it; nobody has tried. */
  private async passOn(job: Job<EventJob>, token: string | undefined): Promise<never> {
    const { subscription } = job.data;
    const now = Date.now();
    const begun = job.attemptsStarted;
    const passedOn = job.data.passed_on ?? { at: now, begun };
    if (!job.data.passed_on) await job.updateData({ ...job.data, passed_on: passedOn });
    const { isUnserved, inMs } = offeredAgain(passedOn, begun, now);
    if (isUnserved && now - (this.toldOf.get(subscription) ?? 0) > TELL_MS) {
      this.toldOf.set(subscription, now);
      this.log.warn({ subscription, job: job.id }, 'No worker serves this subscription; its events wait.');
    }
    await job.moveToDelayed(now + inMs, token);
    throw new DelayedError();
  }
}
