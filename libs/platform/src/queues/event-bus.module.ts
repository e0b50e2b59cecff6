import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DeadLetters } from './dead-letters.js';
import { EventDelivery } from './event-delivery.js';
import { Inbox } from './inbox.js';
import { Subscriptions } from './subscriptions.js';
import { RedisClients } from '../redis/redis-clients.js';
import { EventBus } from './event-bus.js';
import { EventConsumer } from './event-consumer.js';
import { EVENTS_QUEUE, EventsQueue, QUEUE_CONNECTION, QUEUE_PREFIX } from './events-queue.js';
import { Relay } from './relay.js';
import { Sweeper } from './sweeper.js';
import { Upkeep } from './upkeep.js';

/**
 * Moves events from the outbox to the handlers. Needs DatabaseConfig and EventsConfig, DbModule, RedisModule, and a
 * Clock and a Log that are global.
 */
@Module({})
export class EventBusModule {
  /** Everything: relay, consumer, sweeper, upkeep. The worker alone imports it, and it alone discovers handlers. */
  static forWorker(): DynamicModule {
    return {
      module: EventBusModule,
      imports: [
        DiscoveryModule,
        BullModule.registerQueueAsync({
          name: EVENTS_QUEUE,
          inject: [RedisClients],
          useFactory: (redis: RedisClients) => ({
            connection: redis.open('queues', QUEUE_CONNECTION),
            prefix: QUEUE_PREFIX,
          }),
        }),
      ],
      providers: [
        Subscriptions,
        Inbox,
        EventDelivery,
        DeadLetters,
        EventsQueue,
        EventConsumer,
        Relay,
        Sweeper,
        Upkeep,
        EventBus,
      ],
      exports: [DeadLetters],
    };
  }

  /** Dead letters alone, for the operators' command line. Needs no Redis. */
  static forOperators(): DynamicModule {
    return { module: EventBusModule, providers: [DeadLetters], exports: [DeadLetters] };
  }
}
