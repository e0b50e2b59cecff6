import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Log, Loop } from '#platform';
import { KeyMaker } from './key-maker.js';
import { Keyring } from './keyring.js';

/** A process has heard of every change after this long, in ms, also when no token tells it before. */
const LEARN_MS = 5_000;

/** What a process that serves does about keys by itself: learns of changes, keeps one ahead, destroys old ones. */
@Injectable()
export class KeyUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;

  constructor(keyring: Keyring, maker: KeyMaker, log: Log) {
    this.loop = new Loop({
      name: 'The upkeep of signing keys',
      turn: async () => {
        // First, and whatever becomes of the rest: a key that was revoked has to be heard of also while no store answers.
        await keyring.load();
        const done = [await settled(maker.keepOneAhead()), await settled(maker.destroyRetired())];
        await keyring.load();
        const failed = done.find((one) => one.status === 'rejected');
        if (failed) throw failed.reason;
      },
      idleMs: LEARN_MS,
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

const settled = async <T>(work: Promise<T>) => (await Promise.allSettled([work]))[0];
