import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Counter } from 'prom-client';
import { type EventStream, Log, Loop } from '#platform';
import { idOfPosition, StreamEvents } from '../persistence/stream-events.js';
import { BillingStreamConfig } from './stream.config.js';
import { StreamNews } from './stream-news.js';

/** With what a revocation takes to be heard of (a second, without Redis) below the two seconds that it may take in all. */
const JUDGE_MS = 250;
const LOOK_MS = 1_000;
/** What is on its way to a client may take so long to get there when the stream ends, in ms; then the line is cut. */
const LAST_WORDS_MS = 500;

/** An open stream, and who reads it. */
export interface LiveStream {
  tenantId: string;
  stream: EventStream;
  /** Throws when its reader would be refused now. */
  mustStillStand: () => void;
  /** Closes the connection, whatever is on its way. */
  cut: () => void;
}

export type StreamEnd = 'left' | 'revoked' | 'stalled' | 'drained';

const ended = new Counter({
  name: 'billing_streams_ended_total',
  help: 'Billing streams that ended: left by their client, revoked, stalled by a client that does not read, drained.',
  labelNames: ['why'] as const,
});

/** The streams that this process serves: wakes them, keeps them alive, and ends them when their readers may read no more. */
@Injectable()
export class LiveStreams implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly byTenant = new Map<string, Set<LiveStream>>();
  private readonly ends = new Map<LiveStream, StreamEnd>();
  private readonly loops: readonly Loop[];
  private subscriber?: Redis;

  constructor(
    private readonly events: StreamEvents,
    private readonly news: StreamNews,
    private readonly config: BillingStreamConfig,
    log: Log,
  ) {
    const loop = (name: string, idleMs: number, turn: () => void | Promise<void>) =>
      new Loop({ name, idleMs, turn: async () => void (await turn()), log });
    this.loops = [
      loop('The look for news of billing', LOOK_MS, () => this.look()),
      loop('The watch over open streams', Math.min(JUDGE_MS, config.stalledMs), () => this.judge()),
      loop('The heartbeat of open streams', config.heartbeatMs, () => this.beat()),
    ];
  }

  onApplicationBootstrap(): void {
    this.subscriber = this.news.listen((tenantId) => this.wake(tenantId));
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.subscriber?.disconnect();
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  /** Until its stream is closed. */
  add(live: LiveStream): void {
    const { tenantId, stream } = live;
    const open = this.byTenant.get(tenantId) ?? new Set();
    this.byTenant.set(tenantId, open.add(live));
    stream.once('close', () => {
      open.delete(live);
      if (open.size === 0 && this.byTenant.get(tenantId) === open) this.byTenant.delete(tenantId);
      ended.inc({ why: this.ends.get(live) ?? 'left' });
      this.ends.delete(live);
    });
  }

  /** Cleanly, if its client takes what is left; else not. */
  end(live: LiveStream, why: StreamEnd): void {
    if (this.ends.has(live) || live.stream.destroyed) return;
    this.ends.set(live, why);
    if (why === 'stalled') {
      live.cut();
      return;
    }
    live.stream.finish();
    const timer = setTimeout(live.cut, LAST_WORDS_MS);
    live.stream.once('close', () => clearTimeout(timer));
  }

  private wake(tenantId: string): void {
    for (const { stream } of this.byTenant.get(tenantId) ?? []) stream.wake();
  }

  /** One question for all of them, whoever forgot to tell. */
  private async look(): Promise<void> {
    if (this.byTenant.size === 0) return;
    const heads = await this.events.heads([...this.byTenant.keys()]);
    for (const [tenantId, head] of heads)
      for (const { stream } of this.byTenant.get(tenantId) ?? []) stream.wakeBehind(idOfPosition(head));
  }

  private judge(): void {
    for (const live of this.all()) {
      if (live.stream.stalledForMs() > this.config.stalledMs) this.end(live, 'stalled');
      try {
        live.mustStillStand();
      } catch {
        this.end(live, 'revoked');
      }
    }
  }

  private beat(): void {
    for (const { stream } of this.all()) stream.beat();
  }

  private all(): LiveStream[] {
    return [...this.byTenant.values()].flatMap((open) => [...open]);
  }
}
