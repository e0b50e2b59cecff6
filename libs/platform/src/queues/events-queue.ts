import { once } from 'node:events';
import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { JobsOptions, Queue, QueueOptions } from 'bullmq';
import type { Redis, RedisOptions } from 'ioredis';
import type { Delivery } from './inbox.js';
import type { PassedOn } from './passed-on.js';

export const EVENTS_QUEUE = 'events';
/** In braces: a Redis cluster keeps all keys of the queue in one place, as the scripts need it. */
export const QUEUE_PREFIX = '{gatehouse}';

/** What a job says; the rest of the event stays in Postgres. */
export interface EventJob {
  tenant_id: string;
  event_id: string;
  recorded_at: string;
  subscription: string;
  /** Since nobody has tried it. */
  passed_on?: PassedOn;
}

/**
 * BullMQ wants connections that never give a command up: its own bookkeeping ends in the middle otherwise. Who
 * may not wait that long asks `reachable` first and sets a deadline.
 */
export const QUEUE_CONNECTION: RedisOptions = { maxRetriesPerRequest: null };

/** Longer than Redis needs for a full batch, shorter than the transaction around it may idle, in ms. */
const DEADLINE_MS = 5_000;
/** A worker that starts is still connecting; it is not told off for that. In ms. */
const CONNECT_MS = 1_000;
/** Where a job can be that will still be run. */
const ALIVE = new Set(['waiting', 'active', 'delayed', 'prioritized', 'waiting-children']);

/**
 * Failures that are the event's own are counted in Postgres and never reach BullMQ. What does is Postgres being
 * away, and that is waited out however long it takes.
 */
const JOB: JobsOptions = {
  attempts: 1_000_000,
  backoff: { type: 'outage' },
  removeOnComplete: true,
  removeOnFail: true,
  stackTraceLimit: 0,
};

/** The one BullMQ queue. Nothing on a request's path may call it. */
@Injectable()
export class EventsQueue implements OnApplicationShutdown {
  constructor(@InjectQueue(EVENTS_QUEUE) private readonly queue: Queue<EventJob>) {
    // ioredis reconnects by itself; what could not be done is thrown where it was asked for.
    queue.on('error', () => undefined);
  }

  /**
   * Adds one job for each delivery. A job that is there already stays as it is.
   *
   * @throws Error when Redis did not take all of them; some may be there then.
   */
  async add(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    await this.withRedis(() => this.queue.addBulk(deliveries.map(jobOf)));
  }

  /** Those whose job Redis does not hold, or holds where it will never be run. */
  async missing(deliveries: readonly Delivery[]): Promise<Delivery[]> {
    if (deliveries.length === 0) return [];
    const states = await this.withRedis(() =>
      Promise.all(deliveries.map((one) => this.queue.getJobState(jobId(one)))),
    );
    return deliveries.filter((_, index) => !ALIVE.has(states[index]!));
  }

  /**
   * Adds jobs that are missing. A job that BullMQ keeps as failed, or of which only the shell is left, would
   * silently block the new one of the same id; it is removed.
   */
  async replace(deliveries: readonly Delivery[]): Promise<void> {
    await this.withRedis(() => Promise.all(deliveries.map((one) => this.queue.remove(jobId(one)))));
    await this.add(deliveries);
  }

  onApplicationShutdown(): void {
    this.connection.disconnect();
  }

  private async withRedis<T>(work: () => Promise<T>): Promise<T> {
    if (!(await this.isReachable())) throw new Error('Redis, which moves the jobs, cannot be reached.');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error('Redis, which moves the jobs, does not answer.')),
        DEADLINE_MS,
      );
    });
    const working = work();
    // It may still fail when nobody waits for it any more.
    working.catch(() => undefined);
    return Promise.race([working, late]).finally(() => clearTimeout(timer));
  }

  private async isReachable(): Promise<boolean> {
    const { connection } = this;
    if (connection.status === 'connecting' || connection.status === 'connect') {
      await once(connection, 'ready', { signal: AbortSignal.timeout(CONNECT_MS) }).catch(() => undefined);
    }
    return connection.status === 'ready';
  }

  private get connection(): Redis {
    return (this.queue.opts as QueueOptions).connection as Redis;
  }
}

const jobId = ({ subscription, eventId }: Delivery) => `${subscription}.${eventId}`;

function jobOf(delivery: Delivery) {
  const data: EventJob = {
    tenant_id: delivery.tenantId,
    event_id: delivery.eventId,
    recorded_at: delivery.recordedAt,
    subscription: delivery.subscription,
  };
  return { name: delivery.subscription, data, opts: { ...JOB, jobId: jobId(delivery) } };
}
