import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Clock, Log, Lookout, Loop } from '#platform';
import { SessionEnds } from '../persistence/session-ends.js';
import { TokenEpochChanges } from '../persistence/token-epoch-changes.js';
import { MAX_EPOCHS } from '../tokens/epochs.js';
import { MAX_REMEMBERED, REMEMBER_MS } from './ended-sessions.js';
import { SessionActivity } from './session-activity.js';
import { SessionNews } from './session-news.js';

/** So often it writes down who was active, in ms. */
const FLUSH_MS = 5_000;

/**
 * Keeps a serving process informed of sessions that end, and of access tokens that are outdated: told by Redis within milliseconds, found in Postgres within
 * a second when it was not told. No request asks either.
 */
@Injectable()
export class SessionWatch implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly lookouts: readonly Lookout[];
  private readonly writing: Loop;
  private subscriber?: Redis;

  constructor(
    private readonly ends: SessionEnds,
    private readonly epochs: TokenEpochChanges,
    private readonly news: SessionNews,
    activity: SessionActivity,
    private readonly clock: Clock,
    log: Log,
  ) {
    this.lookouts = [
      new Lookout({ name: 'The look for ended sessions', look: (from) => this.lookForEnds(from), log }),
      new Lookout({ name: 'The look for outdated tokens', look: (from) => this.lookForEpochs(from), log }),
    ];
    this.writing = new Loop({
      name: 'The writing down of activity',
      turn: () => activity.flush(),
      idleMs: FLUSH_MS,
      log,
    });
  }

  /** Nothing is served before it is known what ended in the last hour. */
  async onModuleInit(): Promise<void> {
    await Promise.all(this.lookouts.map((one) => one.look()));
    this.subscriber = this.news.listen();
  }

  onApplicationBootstrap(): void {
    for (const one of this.lookouts) one.start();
    this.writing.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.lookouts, this.writing].map((one) => one.stop()));
    this.subscriber?.disconnect();
  }

  private async lookForEnds(from: string): Promise<string> {
    const { sessions, nextFrom } = await this.ends.since(from, this.remembered(), MAX_REMEMBERED + 1);
    this.news.hear(sessions);
    return nextFrom;
  }

  private async lookForEpochs(from: string): Promise<string> {
    const { changes, nextFrom } = await this.epochs.since(from, this.remembered(), MAX_EPOCHS + 1);
    this.news.hearOutdated(changes);
    return nextFrom;
  }

  /** No access token of before then lives. */
  private remembered(): Date {
    return new Date(this.clock.now().getTime() - REMEMBER_MS);
  }
}
