import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Clock, Log, Lookout, Loop } from '#platform';
import { ServiceChanges } from '../persistence/service-changes.js';
import { REMEMBER_MS } from '../sessions/ended-sessions.js';
import { ApiKeys } from './api-keys.js';
import { ServiceActivity } from './service-activity.js';
import { MAX_EPOCHS } from '../tokens/epochs.js';

/** So often it writes down what was used, in ms. */
const FLUSH_MS = 5_000;

/** Keeps a serving process informed of service accounts and keys that change. No request asks. */
@Injectable()
export class ServiceWatch implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly lookout: Lookout;
  private readonly writing: Loop;
  /** What the last look found. While an old transaction runs each look finds the same, and it is heard of once. */
  private seen = new Map<string, string>();

  constructor(
    private readonly changes: ServiceChanges,
    private readonly keys: ApiKeys,
    private readonly activity: ServiceActivity,
    private readonly clock: Clock,
    log: Log,
  ) {
    const look = (from: string) => this.look(from);
    this.lookout = new Lookout({ name: 'The look for changed service accounts', look, log });
    this.writing = new Loop({
      name: 'The writing down of used keys',
      turn: () => this.flush(),
      idleMs: FLUSH_MS,
      log,
    });
  }

  /** Nothing is served before it is known what changed in the last hour. */
  async onModuleInit(): Promise<void> {
    await this.lookout.look();
  }

  onApplicationBootstrap(): void {
    this.lookout.start();
    this.writing.start();
  }

  /** What was used before the end is written all the same. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.lookout.stop(), this.writing.stop()]);
    await this.flush().catch(() => undefined);
  }

  private async look(from: string): Promise<string> {
    const since = new Date(this.clock.now().getTime() - REMEMBER_MS);
    const { changes, nextFrom } = await this.changes.since(from, since, MAX_EPOCHS + 1);
    const fresh = changes.filter(({ id, changedBy }) => this.seen.get(id) !== changedBy);
    if (fresh.length > 0) this.keys.changed(fresh);
    this.seen = new Map(changes.map(({ id, changedBy }) => [id, changedBy]));
    return nextFrom;
  }

  /** What cannot be written is dropped: newer notes will come. */
  private async flush(): Promise<void> {
    const { accounts, keys } = this.activity.take();
    await this.changes.used(accounts, keys);
  }
}
