import { setTimeout as pause } from 'node:timers/promises';
import type { BillingStage } from './billing-stage.js';
import { eventually } from './eventually.js';

/** An event that a worker had in its hands, the so-manieth time. */
interface Held {
  id: string;
  attempts: number;
}

/** How long a kill waits for a worker that has something in its hands, in ms. */
const TO_FIND_ONE_MS = 5_000;
const LOOK_MS = 200;

/** Kills workers in the middle of their work, and measures how long what they had in their hands is nobody's. */
export class Killer {
  kills = 0;
  /** That came while something was in somebody's hands which was in nobody's before. */
  inTheMiddle = 0;
  /** Ms from each kill until another worker took what that one had. */
  readonly takenOver: number[] = [];
  /** Ms from the emptying of Redis until what had happened until then had been followed. */
  flushSettledMs: number | null = null;
  /** Events of ours that were with Redis when it was emptied. */
  flushed = 0;
  /** Since when something may be nobody's, by performance.now(); by id and attempt. */
  private readonly orphans = new Map<string, Held & { since: number }>();
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
    for (const one of held) this.orphans.set(nameOf(one), { ...one, since });
    await replaced;
  }

  /** As if the time of what killed workers had taken were over. */
  async endLeases(): Promise<void> {
    await this.stage.product.query(
      `update billing.stripe_events set next_at = now() where status = 'received' and attempts > 0`,
    );
  }

  /** Empties Redis while it has something of ours; resolves when everything that had happened until then has been followed. */
  async flush(): Promise<void> {
    const { product } = this.stage;
    const open = await eventually(
      async () => {
        const rows = await product.query<{ id: string }>(
          'select id from platform.outbox where settled_at is null and published_at is not null',
        );
        return rows.length > 0 && rows;
      },
      { withinMs: 60_000, everyMs: 5 },
    );
    const began = performance.now();
    await product.redisClient().flushall();
    const ids = open.map((one) => one.id);
    this.flushed = ids.length;
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

  /** What the two have in their hands, without what those had who were killed before. */
  private async held(): Promise<Held[] | false> {
    const rows = await this.stage.product.query<Held>(
      `select id, attempts from billing.stripe_events
       where status = 'received' and attempts > 0 and failure is null and next_at > clock_timestamp()`,
    );
    const fresh = rows.filter((one) => !this.orphans.has(nameOf(one)));
    return fresh.length > 0 && fresh;
  }

  /** Of what was held when one of two was killed, the other settles its own; what is taken once more was the dead one's. */
  private async watchOrphans(): Promise<void> {
    while (this.watching || this.orphans.size > 0) {
      const ids = [...this.orphans.values()].map((one) => one.id);
      const rows = await this.stage.product.query<Held & { status: string }>(
        'select id, status, attempts from billing.stripe_events where id = any ($1)',
        [ids],
      );
      const now = new Map(rows.map((one) => [one.id, one]));
      for (const [name, { id, attempts, since }] of this.orphans) {
        const row = now.get(id);
        if (!row) continue;
        const isTaken = row.attempts > attempts;
        if (isTaken) this.takenOver.push(performance.now() - since);
        if (isTaken || row.status !== 'received') this.orphans.delete(name);
      }
      await pause(LOOK_MS);
    }
  }
}

const nameOf = ({ id, attempts }: Held): string => `${id} ${attempts}`;
