import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Log, RedisClients } from '#platform';

const NEWS = 'billing:stream';
const TENANT = /^ten_[0-9a-z]{26}$/;

/** Tells the processes that serve streams that there is something new for a tenant. Fast and lossy: they look by themselves, too. */
@Injectable()
export class StreamNews {
  constructor(
    private readonly clients: RedisClients,
    private readonly log: Log,
  ) {}

  /** After the transaction that wrote it. Does not wait for Redis, and does not fail without it. */
  tell(tenantId: string): void {
    this.clients
      .for('nonces')
      .publish(NEWS, tenantId)
      .catch((error: unknown) =>
        this.log.debug({ error }, 'The billing stream was not announced; it is seen within a second.'),
      );
  }

  /** The caller closes the connection. */
  listen(heard: (tenantId: string) => void): Redis {
    const subscriber = this.clients.open('nonces', { autoResubscribe: false });
    subscriber.on('message', (_channel: string, text: string) => {
      if (TENANT.test(text)) heard(text);
    });
    // ioredis subscribes anew by itself only to what it has been subscribed to once.
    subscriber.on('ready', () => void subscriber.subscribe(NEWS).catch(() => undefined));
    return subscriber;
  }
}
