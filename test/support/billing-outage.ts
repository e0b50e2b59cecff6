import { setTimeout as pause } from 'node:timers/promises';
import type { BillingStage } from './billing-stage.js';
import { eventually } from './eventually.js';
import type { RegisteredBody } from './person.js';
import { ScriptedCustomer } from './stripe-script.js';
import { Wire } from './wire.js';

export interface Outage {
  rounds: number;
  /** How often other routes are asked in each half of a round. */
  asks: number;
  tenants: number;
}

/** How a Stripe is away. */
export const KINDS = ['status', 'hang'] as const;

export interface Round {
  kind: (typeof KINDS)[number];
  /** P99 of other routes in ms: with a Stripe at rest, and with one that is away. */
  idle: number;
  away: number;
  /** Events that came meanwhile, and ms afterwards until all were applied. */
  backlog: number;
  drainedMs: number;
}

export interface Withstood {
  rounds: Round[];
  /** Answers of other routes that were no 200. */
  refused: number[];
  /** What those were answered who wanted to buy all the time: how often by status. */
  shoppers: { idle: Record<number, number>; away: Record<number, number> };
  /** Events that were given up. */
  parked: number;
  /** Who does not have what was bought meanwhile. */
  behind: string[];
}

const SEATS = 12;

/** Between two asks of one who wants to buy, ms. */
const SHOPPING_MS = 250;

/**
 * Asks other routes while people want to buy and Stripe is well, then while it answers 500 (every other round: hangs) and
 * events come; then it is well again, and a round ends when everything that came meanwhile was applied.
 */
export async function withstand(stage: BillingStage, { rounds, asks, tenants }: Outage): Promise<Withstood> {
  const { faults } = stage.stripe.local;
  const [reader, ...others] = await stage.tenants(1 + 2 * tenants);
  const [owners, buyers] = [others.slice(0, tenants), others.slice(tenants)];
  const shopping = (seen: Record<number, number>) => shopAll(stage, buyers, seen);
  const customers = await Promise.all(
    owners.map((one) => ScriptedCustomer.make(stage.stripe, one.tenant.id)),
  );
  const told = stage.listen();
  const shoppers = { idle: {}, away: {} };
  const seen: Withstood = { rounds: [], refused: [], shoppers, parked: 0, behind: [] };
  await probe(stage, reader!, asks, seen);
  const hooks = stage.wire(4);

  for (let round = 0; round < rounds; round++) {
    const kind = KINDS[round % KINDS.length]!;
    // Whoever comes first after an outage tries alone, and the others are refused meanwhile.
    await eventually(() => buysAgain(stage, buyers[0]!), { withinMs: 60_000, everyMs: 200 });
    const leaveAtRest = shopping(shoppers.idle);
    const idle = await probe(stage, reader!, asks, seen);
    await leaveAtRest();

    const isLast = round === rounds - 1;
    for (const one of customers) await one.play({ verb: 'seats', number: isLast ? SEATS : 1 + (round % 9) });
    const events = customers.flatMap((one) => told.take(one.id, one.clock));
    faults.add({ kind, times: 1_000_000 });
    await hooks.send(events.map((one) => stage.signed(one.body)));
    const leave = shopping(shoppers.away);
    const away = await probe(stage, reader!, asks, seen);
    await leave();
    faults.clear();

    const began = performance.now();
    await stage.settled();
    const drainedMs = performance.now() - began;
    seen.rounds.push({ kind, idle, away, backlog: events.length, drainedMs });
  }

  seen.refused.push(...hooks.refused);
  hooks.close();
  const accounts = await stage.product.query<{ tenant_id: string }>(
    `select tenant_id from billing.accounts where (standing -> 'seats')::int = $1`,
    [SEATS + 5],
  );
  const served = accounts.map((one) => one.tenant_id);
  seen.behind = owners.map((one) => one.tenant.id).filter((one) => !served.includes(one));
  const [dead] = await stage.product.query<{ n: number }>(
    `select count(*)::int as n from billing.stripe_events where status = 'dead'`,
  );
  seen.parked = dead!.n;
  return seen;
}

/** What people and programs do all day. P99, ms. */
async function probe(
  stage: BillingStage,
  { access_token: bearer }: RegisteredBody,
  asks: number,
  seen: Withstood,
): Promise<number> {
  const headers = { authorization: `Bearer ${bearer}` };
  const wires = ['auth/me', 'licenses', 'billing/subscription'].map((path) =>
    stage.measured(2, `${stage.product.v1}/${path}`),
  );
  const one = { method: 'GET', body: '', headers };
  await Promise.all(wires.map((wire) => wire.send(Array.from({ length: asks / wires.length }, () => one))));
  for (const wire of wires) {
    seen.refused.push(...wire.refused);
    wire.close();
  }
  return p99(wires.flatMap((wire) => wire.times));
}

const p99 = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;

/** They ask until they are told to leave. */
function shopAll(
  stage: BillingStage,
  buyers: readonly RegisteredBody[],
  seen: Record<number, number>,
): () => Promise<unknown> {
  const buying = new AbortController();
  const all = buyers.map((one) => shop(stage, one, buying.signal, seen));
  return () => {
    buying.abort();
    return Promise.all(all);
  };
}

/** Asks for the checkout again and again. */
async function shop(
  stage: BillingStage,
  buyer: RegisteredBody,
  isOver: AbortSignal,
  seen: Record<number, number>,
): Promise<void> {
  const wire = new Wire(`${stage.product.v1}/billing/checkout`, 1);
  while (!isOver.aborted) {
    const status = await wire.ask(purchaseOf(buyer));
    seen[status] = (seen[status] ?? 0) + 1;
    await pause(SHOPPING_MS);
  }
  wire.close();
}

async function buysAgain(stage: BillingStage, buyer: RegisteredBody): Promise<boolean> {
  const wire = new Wire(`${stage.product.v1}/billing/checkout`, 1);
  const status = await wire.ask(purchaseOf(buyer));
  wire.close();
  return status === 200;
}

const purchaseOf = ({ access_token: bearer }: RegisteredBody) => ({
  body: '{"plan":"TEAM"}',
  headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
});
