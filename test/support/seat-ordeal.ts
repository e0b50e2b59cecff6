import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { ledgerKey, SeatProcess, SHARDS } from '#licensing/testing';
import { testDatabase, type TestDatabase } from './database.js';
import { INHERITED } from './environment.js';
import { eventually } from './eventually.js';
import { testRedis, type TestRedis } from './redis.js';
import { generatorOf } from './seat-generator.js';
import { recordsOf, type SeatRecord } from './seat-log.js';
import type { CapChange, Loss } from './seat-reckoning.js';
import { superuser } from './tables.js';

/** What a process of clients is told to do. */
export interface SeatOrders {
  name: string;
  seed: number;
  log: string;
  database: { url: string; systemUrl: string };
  redisUrl: string;
  times: Record<string, unknown>;
  pools: { tenantId: string; licenseId: string; isOfPeople: boolean }[];
}

export interface Ordeal {
  operations: number;
  seed: number;
  /** How often a process of clients is killed, and how often Redis is emptied. */
  kills: number;
  flushes: number;
}

export interface Survived {
  records: SeatRecord[];
  caps: CapChange[];
  losses: Loss[];
  /** What went wrong inside the processes. */
  faults: string[];
  operations: number;
}

/** Everything ten to a hundred times as fast as in a product that runs. */
const TIMES = {
  ttl: 3_000,
  longTtl: { relaxed: 8_000, instance: 12_000 },
  step: 3_000,
  returnsAfter: 2_000,
  check: 200,
  patience: 1_000,
};
const PROCESSES = 4;
const PATIENCE = { withinMs: 60_000 };

const KINDS = [
  { seats: 1 },
  { seats: 2 },
  { seats: 3, lingerSeconds: 1 },
  { seats: 2, queue: true },
  { seats: 2, leasing: 'user' },
  { seats: 3, leasing: 'user', lingerSeconds: 1 },
  { seats: 4, heartbeatMode: 'relaxed' },
  { seats: 1, heartbeatMode: 'instance', queue: true },
  { seats: 5, overage: '1.25x' },
  { seats: 0 },
  { seats: null },
  { seats: 3, heartbeatMode: 'strict' },
] as const;
const OF_A_KIND = 2;

/** Clients in processes of their own take, keep and give back seats at random, while these are killed and Redis is emptied. */
export async function endure(ordeal: Ordeal): Promise<Survived> {
  const [database, server] = await Promise.all([testDatabase(), testRedis()]);
  const run = new Run(ordeal, database, server);
  try {
    return await run.all();
  } finally {
    await run.close();
    await Promise.all([database.drop(), server.drop()]);
  }
}

class Run {
  private readonly folder = mkdtempSync(join(tmpdir(), 'gatehouse-seats-'));
  private readonly random: (below: number) => number;
  private readonly redis: Redis;
  private readonly children = new Map<ChildProcess, number>();
  private readonly faults: string[] = [];
  private readonly caps: CapChange[] = [];
  private ofTheDead = 0;
  private started = 0;
  private revision = 1;
  private readonly losses: Loss[] = [];
  private seats!: SeatProcess;
  private admin!: pg.Client;
  private worker!: ChildProcess;
  private pools: SeatOrders['pools'] = [];

  constructor(
    private readonly ordeal: Ordeal,
    private readonly database: TestDatabase,
    private readonly server: TestRedis,
  ) {
    this.random = generatorOf(ordeal.seed);
    this.redis = new Redis(server.url);
  }

  async all(): Promise<Survived> {
    const { operations, kills, flushes } = this.ordeal;
    await this.prepare();
    // In a fixed order, each when its share of the operations is done.
    const events = [
      ...Array.from({ length: kills }, (_, i) => ({ at: (i + 1) / (kills + 1), what: 'kill' as const })),
      ...Array.from({ length: flushes }, (_, i) => ({
        at: (i + 0.6) / (flushes + 0.2),
        what: 'flush' as const,
      })),
    ].sort((a, b) => a.at - b.at);
    for (let next = events.shift(); this.done < operations;) {
      await pause(50);
      if (next && this.done >= next.at * operations) {
        // One at a time: what a process remembers of its last releases dies with it.
        await (next.what === 'kill' ? this.kill() : this.empty());
        next = events.shift();
      } else if (this.random(4) === 0) await this.changeCap();
    }
    const operationsDone = this.done;
    await Promise.all([...this.children.keys()].map((one) => this.stop(one)));
    const records = readdirSync(this.folder).flatMap((name) => recordsOf(join(this.folder, name)));
    return { records, caps: this.caps, losses: this.losses, faults: this.faults, operations: operationsDone };
  }

  async close(): Promise<void> {
    for (const child of [...this.children.keys(), this.worker]) child?.kill('SIGKILL');
    this.redis.disconnect();
    await this.admin?.end();
    await this.seats?.close();
  }

  private get done(): number {
    return [...this.children.values()].reduce((sum, one) => sum + one, this.ofTheDead);
  }

  private async prepare(): Promise<void> {
    this.admin = await superuser(this.database);
    this.seats = await SeatProcess.open({ database: this.database, redisUrl: this.server.url, times: TIMES });
    this.worker = await this.fork('seat-worker', this.orders());
    const tenants = [undefined, undefined, undefined];
    for (let i = 0; i < KINDS.length * OF_A_KIND; i++) {
      const terms = KINDS[i % KINDS.length]!;
      const tenantId: string | undefined = tenants[i % 3] ?? this.pools[i % 3]?.tenantId;
      const place = await this.seats.license(terms, tenantId);
      const isOfPeople = 'leasing' in terms;
      this.pools.push({ ...place, isOfPeople });
      this.caps.push({ pool: i, from: 0, sure: 0, cap: capOf(terms.seats, 'overage' in terms), isOfPeople });
    }
    await Promise.all(Array.from({ length: PROCESSES }, () => this.start()));
  }

  private orders(): SeatOrders {
    const name = `${this.started}`;
    const { url, systemUrl } = this.database;
    return {
      name,
      seed: this.ordeal.seed + this.started,
      log: join(this.folder, name),
      database: { url, systemUrl },
      redisUrl: this.server.url,
      times: TIMES,
      pools: this.pools,
    };
  }

  private async start(): Promise<void> {
    this.started += 1;
    const child = await this.fork('seat-clients', this.orders());
    this.children.set(child, 0);
    child.on('message', (message: { done?: number; fault?: string; grant?: object }) => {
      if (message.fault) this.faults.push(message.fault);
      if (message.done !== undefined && this.children.has(child)) this.children.set(child, message.done);
      if (message.grant) this.anotherThan(child)?.send(message);
    });
  }

  private anotherThan(child: ChildProcess): ChildProcess | undefined {
    const others = [...this.children.keys()].filter((one) => one !== child && one.connected);
    return others[this.random(others.length || 1)];
  }

  private async fork(program: string, orders: SeatOrders): Promise<ChildProcess> {
    const file = join(process.cwd(), 'dist', 'test', 'support', `${program}.js`);
    const child = fork(file, [JSON.stringify(orders)], {
      env: INHERITED,
      execArgv: [],
    });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${program} ended too early.`)));
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return child;
  }

  private async kill(): Promise<void> {
    const victim = [...this.children.keys()][this.random(this.children.size)]!;
    this.ofTheDead += this.children.get(victim)!;
    this.children.delete(victim);
    const exited = once(victim, 'exit');
    victim.kill('SIGKILL');
    await exited;
    await this.drained(Date.now());
    await this.start();
  }

  /** Everything that was told before `moment` has left Redis. */
  private async drained(moment: number): Promise<void> {
    await eventually(async () => {
      const firsts = await Promise.all(
        Array.from({ length: SHARDS }, (_, shard) =>
          this.redis.xrange(ledgerKey(shard), '-', '+', 'COUNT', 1),
        ),
      );
      return firsts.flat().every(([id]) => Number(id.split('-')[0]) > moment);
    }, PATIENCE);
  }

  /** Redis forgets everything; until the shards are open again. */
  private async empty(): Promise<void> {
    const from = Date.now();
    await this.redis.flushall();
    const generation = this.losses.length + 2;
    await eventually(async () => {
      const { rows } = await this.admin.query(
        'select from licensing.seat_shards where restored and generation = $1',
        [generation],
      );
      return rows.length === SHARDS;
    }, PATIENCE);
    this.losses.push({ from, to: Date.now() + TIMES.ttl });
    // Whatever was read before the loss and arrived after it is read again.
    for (const place of this.pools) await this.seats.refresh(place);
  }

  private async stop(child: ChildProcess): Promise<void> {
    const exited = once(child, 'exit');
    child.send('stop');
    await exited;
  }

  /** An operator sells more seats or fewer, or a tenant takes another mode. */
  private async changeCap(): Promise<void> {
    const pool = this.random(this.pools.length);
    const terms = KINDS[pool % KINDS.length]!;
    if (terms.seats === null || terms.seats === 0) return;
    const place = this.pools[pool]!;
    const seats = 1 + this.random(terms.seats + 2);
    const modes = ['strict', 'hybrid', 'relaxed', 'instance'] as const;
    const now = { ...terms, seats, heartbeatMode: modes[this.random(4)]! };
    const change = {
      pool,
      from: Date.now(),
      sure: Infinity,
      cap: capOf(seats, 'overage' in terms),
      isOfPeople: place.isOfPeople,
    };
    this.caps.push(change);
    const overrides = [{ terms: now, expiresAt: null, reason: `change ${this.revision++}` }];
    await this.admin.query(
      'update licensing.licenses set overrides = $2, revision = revision + 1 where id = $1',
      [place.licenseId, JSON.stringify(overrides)],
    );
    await this.seats.refresh(place);
    change.sure = Date.now();
  }
}

const capOf = (seats: number | null, isQuarterMore: boolean) =>
  seats === null ? null : Math.floor(seats * (isQuarterMore ? 1.25 : 1));
