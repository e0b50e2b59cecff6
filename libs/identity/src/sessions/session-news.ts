import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Clock, Log, RedisClients } from '#platform';
import { type Ended, EndedSessions } from './ended-sessions.js';
import { SessionActivity } from './session-activity.js';

const CHANNEL = 'auth:sessions:ended';
/** More than anybody ends at once; a message of somebody else's must not fill the memory. */
const MAX_MESSAGE = 4_096;

/** Tells every process at once which sessions have ended. Fast and lossy: SessionWatch finds what is lost. */
@Injectable()
export class SessionNews {
  constructor(
    private readonly clients: RedisClients,
    private readonly ended: EndedSessions,
    private readonly activity: SessionActivity,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** After the transaction that ended them. Does not wait for Redis, and does not fail without it. */
  tell(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const endedAt = this.clock.now();
    this.hear(ids.map((id) => ({ id, endedAt })));
    const publishing = ids.map((id) =>
      this.clients.for('nonces').publish(CHANNEL, `${id} ${endedAt.getTime()}`),
    );
    Promise.all(publishing).catch((error: unknown) =>
      this.log.warn({ error }, 'The end of a session was not announced; others see it within a second.'),
    );
  }

  /** Takes up what others tell, whenever Redis is there; nobody waits for it. The caller closes the connection. */
  listen(): Redis {
    const subscriber = this.clients.open('nonces', { autoResubscribe: false });
    subscriber.on('message', (_channel: string, text: string) => this.take(text));
    // ioredis subscribes anew by itself only to what it has been subscribed to once.
    subscriber.on('ready', () => void subscriber.subscribe(CHANNEL).catch(() => undefined));
    return subscriber;
  }

  /** Whoever ended them, and whoever says so. */
  hear(sessions: readonly Ended[]): void {
    const fresh = this.ended.note(sessions);
    void this.activity.forget(fresh);
  }

  private take(text: string): void {
    const [, id, at] = (text.length <= MAX_MESSAGE && /^(ses_[0-9a-z]{26}) (\d{13})$/.exec(text)) || [];
    if (id && at) this.hear([{ id, endedAt: new Date(Number(at)) }]);
  }
}
