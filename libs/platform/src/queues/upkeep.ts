import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '../db/system-database.js';
import { Log } from '../telemetry/logger.js';
import { EventsConfig } from './events.config.js';
import { Loop } from './loop.js';

const DAY_MS = 86_400_000;

/** Keeps the partitions of outbox and inbox: makes those of the coming weeks, drops those past their days. */
@Injectable()
export class Upkeep {
  private readonly loop: Loop;

  constructor(database: SystemDatabase, config: EventsConfig, log: Log) {
    this.loop = new Loop({
      name: 'The upkeep of partitions',
      turn: async () => {
        await database.query('select platform.maintain_partitions($1)', [config.keepDays]);
        return false;
      },
      idleMs: DAY_MS,
      failedMaxMs: 600_000,
      log,
    });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }
}
