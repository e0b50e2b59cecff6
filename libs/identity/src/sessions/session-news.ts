import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Clock, Log, RedisClients } from '#platform';
import type { MemberEpoch } from '../persistence/token-epochs.js';
import { MemberEpochs, memberKey } from '../tokens/epochs.js';
import { type Ended, EndedSessions } from './ended-sessions.js';
import { SessionActivity } from './session-activity.js';

const ENDED = 'auth:sessions:ended';
const OUTDATED = 'auth:tokens:outdated';
/** More than anybody ends at once; a message of somebody else's must not fill the memory. */
const MAX_MESSAGE = 4_096;

/** Tells every process at once which sessions have ended, and whose access tokens are outdated. Fast and lossy: SessionWatch finds what is lost. */
@Injectable()
export class SessionNews {
  constructor(
    private readonly clients: RedisClients,
    private readonly ended: EndedSessions,
    private readonly epochs: MemberEpochs,
    private readonly activity: SessionActivity,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** After the transaction that ended them. Does not wait for Redis, and does not fail without it. */
  tell(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const endedAt = this.clock.now();
    this.hear(ids.map((id) => ({ id, endedAt })));
    this.publish(
      ENDED,
      ids.map((id) => `${id} ${endedAt.getTime()}`),
    );
  }

  /** The same for people whose access tokens of a tenant are of an epoch that is over. */
  tellOutdated(members: readonly MemberEpoch[]): void {
    this.hearOutdated(members);
    this.publish(
      OUTDATED,
      members.map(({ tenantId, userId, epoch }) => `${tenantId} ${userId} ${epoch}`),
    );
  }

  /** Takes up what others tell, whenever Redis is there; nobody waits for it. The caller closes the connection. */
  listen(): Redis {
    const subscriber = this.clients.open('nonces', { autoResubscribe: false });
    subscriber.on('message', (channel: string, text: string) => this.take(channel, text));
    // ioredis subscribes anew by itself only to what it has been subscribed to once.
    subscriber.on('ready', () => void subscriber.subscribe(ENDED, OUTDATED).catch(() => undefined));
    return subscriber;
  }

  /** Whoever ended them, and whoever says so. */
  hear(sessions: readonly Ended[]): void {
    const fresh = this.ended.note(sessions);
    void this.activity.forget(fresh);
  }

  hearOutdated(members: readonly MemberEpoch[]): void {
    for (const { tenantId, userId, epoch } of members) this.epochs.note(memberKey(tenantId, userId), epoch);
  }

  private publish(channel: string, messages: readonly string[]): void {
    if (messages.length === 0) return;
    const redis = this.clients.for('nonces');
    Promise.all(messages.map((message) => redis.publish(channel, message))).catch((error: unknown) =>
      this.log.warn({ error, channel }, 'What ended was not announced; others see it within a second.'),
    );
  }

  private take(channel: string, text: string): void {
    if (text.length > MAX_MESSAGE) return;
    if (channel === ENDED) {
      const [, id, at] = /^(ses_[0-9a-z]{26}) (\d{13})$/.exec(text) ?? [];
      if (id && at) this.hear([{ id, endedAt: new Date(Number(at)) }]);
      return;
    }
    const [, tenantId, userId, epoch] = /^(ten_[0-9a-z]{26}) (usr_[0-9a-z]{26}) (\d{1,9})$/.exec(text) ?? [];
    if (tenantId && userId) this.hearOutdated([{ tenantId, userId, epoch: Number(epoch) }]);
  }
}
