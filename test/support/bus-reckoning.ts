import type { TestBus } from './bus.js';

/** What the handlers left behind, to compare with what was recorded. */
export interface Reckoning {
  /** Runs of each subscription, and how many different events they were for. */
  [subscription: string]: { runs: number; events: number };
}

export async function reckon(bus: TestBus): Promise<Reckoning> {
  const rows = await bus.query<{ subscription: string; runs: number; events: number }>(
    'select subscription, count(*)::int as runs, count(distinct event_id)::int as events from probe.runs group by 1',
  );
  return Object.fromEntries(rows.map(({ subscription, runs, events }) => [subscription, { runs, events }]));
}

/** Attempts beyond the first of each delivery: how often a worker died over one, or it was delivered twice. */
export async function repeatedAttempts(bus: TestBus): Promise<number> {
  const [row] = await bus.query<{ count: number }>(
    'select coalesce(sum(attempts - 1), 0)::int as count from platform.inbox',
  );
  return row!.count;
}
