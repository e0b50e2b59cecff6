import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Log, Loop } from '#platform';
import { RotateKeys } from '../use-cases/rotate-keys.js';

/** How often the worker looks at the calendar, in ms. */
const LOOK_MS = 60_000;

/** Rotation on schedule. Runs in the worker, which holds no private half of any key. */
@Injectable()
export class KeyCalendar implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;

  constructor(rotateKeys: RotateKeys, log: Log) {
    this.loop = new Loop({
      name: 'The calendar of signing keys',
      turn: () => rotateKeys.byCalendar(),
      idleMs: LOOK_MS,
      log,
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }
}
