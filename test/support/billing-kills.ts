import { setTimeout as pause } from 'node:timers/promises';
import type { BillingStage } from './billing-stage.js';
import { eventually } from './eventually.js';

interface Orphan {
  id: string;
  attempts: number;
  /** When its worker was killed, by performance.now(). */
  since: number;
}

/** How long a kill waits for a worker that has something in its hands, in ms. */
const TO_FIND_ONE_MS = 5_000;
const LOOK_MS = 200;

/** Kills workers in the middle of their work, and measures how long what they had in their hands is nobody's. */
export class Killer {
  kills = 0;
  /** That took something along. */
  inTheMiddle = 0;
  /** Ms from each kill until another worker had what that one had. */
  readonly takenOver: number[] = [];
  /** Ms from the emptying of Redis until what had happened until then had been followed. */
  flushSettledMs: number | null = null;
  private readonly orphans = new Map<string, Orphan>();
  private watching = true;
  private readonly watch: Promise<void>;

  constructor(private readonly stage: BillingStage) {
    this.watch = this.watchOrphans();
  }

  /** SIGKILL while something is taken and not settled, if there is such a moment soon; then another worker in its place. */
  async kill(): Promise<void> {
    const held = await eventually(() => this.held(), { withinMs: TO_FIND_ONE_MS, everyMs: 5 }).catch(
      () => [],
    );
    const replaced = this.stage.replaceWorker(this.kills++ % this.stage.workers.length);
    const since = performance.now();
    if (held.length > 0) this.inTheMiddle++;
    for (const one of held) this.orphans.set(one.id, { ...one, since });
    await replaced;
  }

  /** As if the time of what killed workers had taken were over. */
  async endLeases(): Promise<void> {
    await this.stage.product.query(
      `update billing.stripe_events set next_at = now() where status = 'received' and attempts > 0`,
    );
  }

  /** Empties Redis; resolves when everything that had happened until then has been followed. */
  async flush(): Promise<void> {
    const { product } = this.stage;
    const began = performance.now();
    await product.redisClient().flushall();
    const open = await product.query<{ id: string }>(
      'select id from platform.outbox where settled_at is null',
    );
    const ids = open.map((one) => one.id);
    await eventually(
      async () => {
        const [row] = await product.query<{ n: number }>(
          'select count(*)::int as n from platform.outbox where settled_at is null and id = any ($1)',
          [ids],
        );
        return row!.n === 0;
      },
      { withinMs: 180_000, everyMs: 100 },
    );
    this.flushSettledMs = performance.now() - began;
  }

  /** Once nothing is nobody's any more. */
  async stop(): Promise<void> {
    this.watching = false;
    await this.watch;
  }

  /** Both workers' events: those of the one that lives are settled in a moment. */
  private async held(): Promise<Omit<Orphan, 'since'>[] | false> {
    const rows = await this.stage.product.query<{ id: string; attempts: number }>(
      `select id, attempts from billing.stripe_events
       where status = 'received' and attempts > 0 and failure is null and next_at > clock_timestamp()`,
    );
    return rows.length > 0 && rows;
  }

  private async watchOrphans(): Promise<void> {
    while (this.watching || this.orphans.size > 0) {
      const rows = await this.stage.product.query<{ id: string; status: string; attempts: number }>(
        'select id, status, attempts from billing.stripe_events where id = any ($1)',
        [[...this.orphans.keys()]],
      );
      for (const { id, status, attempts } of rows) {
        const orphan = this.orphans.get(id);
        if (!orphan || (status === 'received' && attempts === orphan.attempts)) continue;
        this.takenOver.push(performance.now() - orphan.since);
        this.orphans.delete(id);
      }
      await pause(LOOK_MS);
    }
  }
}
