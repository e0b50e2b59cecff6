import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Log } from '#platform';
import type { LedgerEntry } from '../persistence/seat-ledger.js';
import { generationKey, ledgerKey } from './pool-keys.js';
import { SeatRecorder } from './seat-recorder.js';
import { SeatScripts } from './seat-scripts.js';
import { SeatTimes } from './seat-times.js';

/** A worker that is away for long must not fill the memory: about 20 MB. */
const REMEMBERED = 50_000;

interface Change {
  tenantId: string;
  /** `<generation>-<ms>-<n>` */
  entryId: string;
  entry: LedgerEntry;
}

/**
 * What this process has told its callers about seats and the drain may not have moved to Postgres yet. When Redis
 * loses a shard, its stream is lost with it; then each process writes down what it remembers, so that what was
 * released does not come back.
 */
@Injectable()
export class RecentChanges implements OnApplicationShutdown {
  private readonly shards = new Map<number, Change[]>();
  private count = 0;
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly scripts: SeatScripts,
    private readonly recorder: SeatRecorder,
    private readonly times: SeatTimes,
    private readonly log: Log,
  ) {
    scripts.onNewGeneration((shard, known) => this.write(shard, known));
  }

  note(shard: number, change: Change): void {
    if (this.count >= REMEMBERED) return;
    const changes = this.shards.get(shard) ?? [];
    this.shards.set(shard, changes);
    changes.push(change);
    this.count += 1;
    this.timer ??= setTimeout(() => void this.check(), this.times.check).unref();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
  }

  /** Forgets what the drain has; writes down what was lost. */
  async check(): Promise<void> {
    try {
      await Promise.all([...this.shards.keys()].map((shard) => this.checkShard(shard)));
    } catch (error) {
      // Redis or Postgres is away: what is remembered stays for the next time.
      this.log.debug({ error }, 'The recent changes of seats could not be compared with the ledger.');
    } finally {
      this.timer = this.count > 0 ? setTimeout(() => void this.check(), this.times.check).unref() : undefined;
    }
  }

  private async checkShard(shard: number): Promise<void> {
    const known = this.scripts.generationOf(shard);
    // What was noted while the loss of its generation was being written down.
    await this.write(shard, known - 1);
    const mine = this.shards.get(shard)?.length ?? 0;
    const { redis } = this.scripts;
    // In this order: a stream that was emptied is never seen with the generation from before.
    const [first, generation] = await Promise.all([
      redis.xrange(ledgerKey(shard), '-', '+', 'COUNT', 1),
      redis.get(generationKey(shard)),
    ]);
    // Without a generation the shard is lost and not open yet: its stream says nothing.
    if (generation === null || this.scripts.generationOf(shard) !== known) return;
    if (Number(generation) !== known) return this.scripts.learn(shard, Number(generation));
    const oldest = first[0]?.[0];
    const changes = this.shards.get(shard) ?? [];
    this.keep(
      shard,
      changes.filter(({ entryId }, i) => i >= mine || (oldest !== undefined && !isBefore(entryId, oldest))),
    );
  }

  /** Of the generation `known` and before: its stream is gone. */
  private async write(shard: number, known: number): Promise<void> {
    const isLost = ({ entryId }: Change) => Number(entryId.split('-', 1)[0]) <= known;
    const lost = (this.shards.get(shard) ?? []).filter(isLost);
    for (const [tenantId, changes] of Map.groupBy(lost, (one) => one.tenantId)) {
      await this.recorder.record(
        tenantId,
        shard,
        changes.map((one) => one.entry),
      );
    }
    const written = new Set(lost);
    this.keep(
      shard,
      (this.shards.get(shard) ?? []).filter((one) => !written.has(one)),
    );
  }

  private keep(shard: number, changes: Change[]): void {
    this.count += changes.length - (this.shards.get(shard)?.length ?? 0);
    if (changes.length > 0) this.shards.set(shard, changes);
    else this.shards.delete(shard);
  }
}

/** Whether an entry is older than one of the stream, which begins with the milliseconds. */
function isBefore(entryId: string, streamId: string): boolean {
  const [, ms, n] = entryId.split('-').map(Number) as [number, number, number];
  const [otherMs, otherN] = streamId.split('-').map(Number) as [number, number];
  return ms < otherMs || (ms === otherMs && n < otherN);
}
