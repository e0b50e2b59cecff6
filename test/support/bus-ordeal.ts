import { setTimeout as pause } from 'node:timers/promises';
import type { Actor } from '#platform';
import type { Child } from '../../apps/local/processes/child.js';
import { record, someTenant, type TestBus } from './bus.js';
import { ThingMade } from './bus-handlers.js';
import { eventually } from './eventually.js';

export interface Ordeal {
  /** Events recorded before each kill; more are recorded while workers die. */
  eventsPerRound: number;
  kills: number;
  /** After which kill Redis is emptied. */
  flushAfter: number;
}

/** So long does every tenth handler take, in ms, that a kill finds it at work. */
const SLOW_MS = 400;

/**
 * Records events while two workers are killed again and again, in the middle of a handler each time, and Redis is
 * emptied once. Gives how many events became true; ends when every one of them is settled.
 */
export async function endure(bus: TestBus, { eventsPerRound, kills, flushAfter }: Ordeal): Promise<number> {
  const actors = Array.from({ length: 5 }, someTenant);
  let workers: Child[] = await Promise.all([bus.startWorker(PATIENT), bus.startWorker(PATIENT)]);
  let recorded = 0;

  for (let kill = 1; kill <= kills; kill++) {
    const recording = recordRound(bus, actors, recorded, eventsPerRound);
    await eventually(async () => (await handlersAtWork(bus)) > 0, { withinMs: 20_000, everyMs: 10 });
    workers = await replace(bus, workers, kill % 2);
    if (kill === flushAfter) await bus.flushRedis();
    recorded += await recording;
  }

  await allSettled(bus);
  return recorded;
}

/** Crashes count as attempts; nothing here may die of them. The sweeper must not ask a long queue through all the time. */
const PATIENT = { EVENTS_MAX_ATTEMPTS: '1000', EVENTS_SWEEP_MS: '500', EVENTS_SWEEP_AFTER_MS: '1500' };

/** Waits as long as there is progress: how fast a busy machine is proves nothing. */
async function allSettled(bus: TestBus): Promise<void> {
  for (let left = await open(bus); left > 0;) {
    await eventually(
      async () => {
        const now = await open(bus);
        const progress = now < left;
        left = Math.min(left, now);
        return progress;
      },
      { withinMs: 30_000, everyMs: 200 },
    );
  }
}

async function replace(bus: TestBus, workers: Child[], index: number): Promise<Child[]> {
  await workers[index]!.kill();
  const next = await bus.startWorker(PATIENT);
  return workers.map((worker, at) => (at === index ? next : worker));
}

/** As many transactions at a time as a pool has connections: a busy machine must not let one wait for longer than it may. */
const LANES = 5;

async function recordRound(bus: TestBus, actors: Actor[], from: number, count: number): Promise<number> {
  const began = performance.now();
  const lane = async (first: number) => {
    for (let at = first; at < count; at += LANES) {
      // Spread over the round: some before the kill, some while the worker is gone.
      await pause(Math.max(0, at * 2 - (performance.now() - began)));
      const number = from + at;
      const takesMs = number % 10 === 0 ? SLOW_MS : number % 7;
      await record(bus, actors[number % actors.length]!, ThingMade, { number, then: 'nothing', takesMs });
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
  return count;
}

async function handlersAtWork(bus: TestBus): Promise<number> {
  const [row] = await bus.query<{ count: number }>(
    `select count(*)::int from pg_stat_activity
     where datname = current_database() and state = 'active' and query like 'select pg_sleep%'`,
  );
  return row!.count;
}

async function open(bus: TestBus): Promise<number> {
  const [row] = await bus.query<{ count: number }>(
    'select count(*)::int from platform.outbox where settled_at is null',
  );
  return row!.count;
}
