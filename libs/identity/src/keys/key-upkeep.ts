import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Log } from '#platform';
import { KeyMaker } from './key-maker.js';
import { Keyring } from './keyring.js';

/** A process has heard of every change after this long, in ms, also when no token tells it before. */
const LEARN_MS = 5_000;

/** What a process that serves does about keys by itself: learns of changes, keeps one ahead, destroys old ones. */
@Injectable()
export class KeyUpkeep extends BackgroundLoop {
  constructor(
    private readonly keyring: Keyring,
    private readonly maker: KeyMaker,
    log: Log,
  ) {
    super({ name: 'The upkeep of signing keys', idleMs: LEARN_MS, log });
  }

  async turn(): Promise<void> {
    // First, and whatever becomes of the rest: a key that was revoked has to be heard of also while no store answers.
    await this.keyring.load();
    const done = [await settled(this.maker.keepOneAhead()), await settled(this.maker.destroyRetired())];
    await this.keyring.load();
    const failed = done.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

const settled = async <T>(work: Promise<T>) => (await Promise.allSettled([work]))[0];
