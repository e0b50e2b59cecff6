import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Log, SystemDatabase } from '#platform';
import { catalogueKey, SHARD_NUMBERS } from '../seats/pool-keys.js';
import { SeatScripts } from '../seats/seat-scripts.js';

/** A change of the catalogue agrees everywhere within a second of it. */
const POLL_MS = 250;
const FAILED_MAX_MS = 2_000;

/**
 * Tells every shard of pools the catalogue's revision: a policy that was read at an older one is read again. Looked at
 * over and over, so that a Redis that was emptied is told as well.
 */
@Injectable()
export class CatalogueWatch extends BackgroundLoop {
  constructor(
    private readonly scripts: SeatScripts,
    private readonly database: SystemDatabase,
    log: Log,
  ) {
    super({ name: 'The watch of the catalogue', idleMs: POLL_MS, failedMaxMs: FAILED_MAX_MS, log });
  }

  async turn(): Promise<void> {
    await this.tell();
  }

  /** One look; gives how many shards did not know. */
  async tell(): Promise<number> {
    const [row] = await this.database.query<{ revision: number }>('select revision from licensing.catalogue');
    const revision = row?.revision ?? 0;
    const told = await Promise.all(
      SHARD_NUMBERS.map((shard) => this.scripts.run('raise-catalogue', [catalogueKey(shard)], [revision])),
    );
    return told.filter((one) => one === 1).length;
  }
}
