import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Subscriptions } from './subscriptions.js';
import { EventConsumer } from './event-consumer.js';
import { Relay } from './relay.js';
import { Sweeper } from './sweeper.js';
import { Upkeep } from './upkeep.js';

/** Starts the bus when every module is ready, and ends it before any of them closes what handlers stand on. */
@Injectable()
export class EventBus implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly upkeep: Upkeep,
    private readonly relay: Relay,
    private readonly consumer: EventConsumer,
    private readonly sweeper: Sweeper,
  ) {}

  onApplicationBootstrap(): void {
    this.subscriptions.discover();
    this.upkeep.start();
    this.consumer.start();
    this.relay.start();
    this.sweeper.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.relay.stop(), this.sweeper.stop(), this.upkeep.stop(), this.consumer.stop()]);
  }
}
