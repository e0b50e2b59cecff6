import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Log } from '#platform';
import { RotateKeys } from '../use-cases/rotate-keys.js';

/** How often the worker looks at the calendar, in ms. */
const LOOK_MS = 60_000;

/** Rotation on schedule. Runs in the worker, which holds no private half of any key. */
@Injectable()
export class KeyCalendar extends BackgroundLoop {
  constructor(
    private readonly rotateKeys: RotateKeys,
    log: Log,
  ) {
    super({ name: 'The calendar of signing keys', idleMs: LOOK_MS, log });
  }

  turn(): Promise<boolean | void> {
    return this.rotateKeys.byCalendar();
  }
}
