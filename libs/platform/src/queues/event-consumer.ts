import { Injectable } from '@nestjs/common';
import { DelayedError, type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { EventDelivery } from './event-delivery.js';
import { retryWait } from './retry-wait.js';
import { RedisClients } from '../redis/redis-clients.js';
import { Log } from '../telemetry/logger.js';
import { EventsConfig } from './events.config.js';
import { EVENTS_QUEUE, type EventJob, QUEUE_CONNECTION } from './events-queue.js';

/** While Postgres is away every job comes back; it is asked for soon enough after it has returned, in ms. */
const OUTAGE = { retryMs: 500, retryMaxMs: 15_000 };
/** A name that no worker has known for so long belongs to a handler that was removed. */
const STRANGER_MAX_MS = 3_600_000;
/** BullMQ waits 15 s after a lost connection; a restarted Redis is back sooner. */
const RECONNECT_MS = 1_000;

/** Takes jobs from the queue and has their events handled. */
@Injectable()
export class EventConsumer {
  private worker?: Worker<EventJob>;
  private connection?: Redis;

  constructor(
    private readonly delivery: EventDelivery,
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
      concurrency,
      lockDuration: lockMs,
      stalledInterval: stalledMs,
      // Crashes are counted in Postgres; BullMQ would give a job up for good after the second.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: RECONNECT_MS,
      settings: { backoffStrategy: (attempts) => retryWait(attempts, OUTAGE) },
    });
    this.worker.on('error', (error) => this.log.debug({ error }, 'BullMQ'));
    this.worker.on('failed', (job, error) => this.log.warn({ job: job?.id, error }, 'A job could not be worked on and comes again.'));
    this.worker.on('stalled', (job) => this.log.warn({ job }, 'The job of a worker that has ended is taken over.'));
  }

  /**
   * Takes no further jobs and waits for those begun, but no longer than configured; those still running then are
   * another worker's soon. Gives whether all have ended.
   */
  async stop(): Promise<boolean> {
    if (!this.worker) return true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), this.config.shutdownMs);
    });
    const ended = await Promise.race([this.worker.close().then(() => true as const), late]);
    clearTimeout(timer);
    this.connection?.disconnect();
    if (!ended) this.log.warn({}, 'Handlers that had begun did not end in time; another worker will repeat them.');
    return ended;
  }

  private async process(job: Job<EventJob>, token: string | undefined): Promise<void> {
    const { tenant_id: tenantId, event_id: eventId, recorded_at: recordedAt, subscription } = job.data;
    if (!subscription) return; // The shell of a job whose data an emptied Redis lost; the sweeper adds it again.

    const outcome = await this.delivery.attempt({ tenantId, eventId, recordedAt, subscription });
    if (!outcome.again) return;
    if (outcome.stranger && Date.now() - job.timestamp > STRANGER_MAX_MS) return;
    await job.moveToDelayed(Date.now() + outcome.inMs, token);
    throw new DelayedError();
  }
}
