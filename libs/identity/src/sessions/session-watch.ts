import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Clock, Log, Loop } from '#platform';
import { SessionEnds } from '../persistence/session-ends.js';
import { MAX_REMEMBERED, REMEMBER_MS } from './ended-sessions.js';
import { SessionActivity } from './session-activity.js';
import { SessionNews } from './session-news.js';

/** So often a process asks Postgres what it has not been told, in ms: half of what a revocation may take. */
const LOOK_MS = 1_000;
/** So often it writes down who was active, in ms. */
const FLUSH_MS = 5_000;

/**
 * Keeps a serving process informed of sessions that end: told by Redis within milliseconds, found in Postgres within
 * a second when it was not told. No request asks either.
 */
@Injectable()
export class SessionWatch implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly loops: Loop[];
  private subscriber?: Redis;
  /** Transactions from this one on may not have been seen. */
  private from = '0';

  constructor(
    private readonly ends: SessionEnds,
    private readonly news: SessionNews,
    activity: SessionActivity,
    private readonly clock: Clock,
    log: Log,
  ) {
    const loop = (name: string, every: number, turn: () => Promise<void>) =>
      new Loop({ name, turn, idleMs: every, failedMaxMs: every, log });
    this.loops = [
      loop('The look for ended sessions', LOOK_MS, () => this.look()),
      loop('The writing down of activity', FLUSH_MS, () => activity.flush()),
    ];
  }

  /** Nothing is served before it is known what ended in the last hour. */
  async onModuleInit(): Promise<void> {
    await this.look();
    this.subscriber = this.news.listen();
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
    this.subscriber?.disconnect();
  }

  private async look(): Promise<void> {
    const since = new Date(this.clock.now().getTime() - REMEMBER_MS);
    const { sessions, nextFrom } = await this.ends.since(this.from, since, MAX_REMEMBERED + 1);
    this.news.hear(sessions);
    this.from = nextFrom;
  }
}
