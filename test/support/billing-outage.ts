import { setTimeout as pause } from 'node:timers/promises';
import type { BillingStage } from './billing-stage.js';
import type { RegisteredBody } from './person.js';
import { ScriptedCustomer } from './stripe-script.js';
import { Wire } from './wire.js';

export interface Outage {
  rounds: number;
  /** How often other routes are asked in each half of a round. */
  asks: number;
  tenants: number;
}

export interface Withstood {
  /** P99 of other routes in ms, of each round: with a Stripe at rest, and with one that is away. */
  idle: number[];
  away: number[];
  /** Answers of other routes that were no 200. */
  refused: number[];
  /** Of those who wanted to buy meanwhile. */
  sold: number[];
  /** Events that came meanwhile, and how long it took afterwards until all were applied. */
  backlog: number;
  drainedMs: number;
  /** Who does not have what was bought meanwhile. */
  behind: string[];
}

const KINDS = ['status', 'hang'] as const;
const SEATS = 12;

/**
 * Asks other routes while Stripe is well, then while it answers 500 (every other round: hangs), events come and people
 * want to buy; at the end Stripe is well again.
 */
export async function withstand(stage: BillingStage, { rounds, asks, tenants }: Outage): Promise<Withstood> {
  const { faults } = stage.stripe.local;
  const [reader, ...others] = await stage.tenants(1 + 2 * tenants);
  const [owners, buyers] = [others.slice(0, tenants), others.slice(tenants)];
  const customers = await Promise.all(
    owners.map((one) => ScriptedCustomer.make(stage.stripe, one.tenant.id)),
  );
  const told = stage.listen();
  const seen: Withstood = {
    ...{ idle: [], away: [], refused: [], sold: [], backlog: 0, drainedMs: 0, behind: [] },
  };
  await probe(stage, reader!, asks, seen);
  const hooks = stage.wire(4);

  for (let round = 0; round < rounds; round++) {
    seen.idle.push(await probe(stage, reader!, asks, seen));

    const isLast = round === rounds - 1;
    for (const one of customers) await one.play({ verb: 'seats', number: isLast ? SEATS : 1 + (round % 9) });
    const events = customers.flatMap((one) => told.take(one.id, one.clock));
    seen.backlog += events.length;
    faults.add({
      ...{ kind: KINDS[round % KINDS.length]!, match: {}, times: 1_000_000, status: 500 },
      ...{ kept: false, delay_ms: 0, decline_code: '' },
    });
    await hooks.send(events.map((one) => stage.signed(one.body)));
    const buying = new AbortController();
    const shoppers = buyers.map((one) => shop(stage, one, buying.signal, seen));
    seen.away.push(await probe(stage, reader!, asks, seen));
    buying.abort();
    await Promise.all(shoppers);
    faults.clear();
  }

  const began = performance.now();
  await stage.settled();
  seen.drainedMs = performance.now() - began;
  seen.refused.push(...hooks.refused);
  hooks.close();
  const accounts = await stage.product.query<{ tenant_id: string }>(
    `select tenant_id from billing.accounts where (standing -> 'seats')::int = $1`,
    [SEATS + 5],
  );
  const served = accounts.map((one) => one.tenant_id);
  seen.behind = owners.map((one) => one.tenant.id).filter((one) => !served.includes(one));
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
  const wires = ['auth/me', 'licenses', 'billing/subscription'].map(
    (path) => new Wire(`${stage.product.v1}/${path}`, 2),
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

/** Asks for the checkout again and again, in vain. */
async function shop(
  stage: BillingStage,
  { access_token: bearer }: RegisteredBody,
  isOver: AbortSignal,
  seen: Withstood,
): Promise<void> {
  const wire = new Wire(`${stage.product.v1}/billing/checkout`, 1);
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  while (!isOver.aborted) {
    const status = await wire.ask({ body: '{"plan":"TEAM"}', headers });
    if (status < 300) seen.sold.push(status);
    await pause(20);
  }
  wire.close();
}
