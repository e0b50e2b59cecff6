import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Clock, Log, Lookout, Loop } from '#platform';
import { SessionEnds } from '../persistence/session-ends.js';
import { MAX_REMEMBERED, REMEMBER_MS } from './ended-sessions.js';
import { SessionActivity } from './session-activity.js';
import { SessionNews } from './session-news.js';

/** So often it writes down who was active, in ms. */
const FLUSH_MS = 5_000;

/**
 * Keeps a serving process informed of sessions that end: told by Redis within milliseconds, found in Postgres within
 * a second when it was not told. No request asks either.
 */
@Injectable()
export class SessionWatch implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly lookout: Lookout;
  private readonly writing: Loop;
  private subscriber?: Redis;

  constructor(
    private readonly ends: SessionEnds,
    private readonly news: SessionNews,
    activity: SessionActivity,
    private readonly clock: Clock,
    log: Log,
  ) {
    this.lookout = new Lookout({ name: 'The look for ended sessions', look: (from) => this.look(from), log });
    this.writing = new Loop({
      name: 'The writing down of activity',
      turn: () => activity.flush(),
      idleMs: FLUSH_MS,
      failedMaxMs: FLUSH_MS,
      log,
    });
  }

  /** Nothing is served before it is known what ended in the last hour. */
  async onModuleInit(): Promise<void> {
    await this.lookout.look();
    this.subscriber = this.news.listen();
  }

  onApplicationBootstrap(): void {
    this.lookout.start();
    this.writing.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.lookout.stop(), this.writing.stop()]);
    this.subscriber?.disconnect();
  }

  private async look(from: string): Promise<string> {
    const since = new Date(this.clock.now().getTime() - REMEMBER_MS);
    const { sessions, nextFrom } = await this.ends.since(from, since, MAX_REMEMBERED + 1);
    this.news.hear(sessions);
    return nextFrom;
  }
}
