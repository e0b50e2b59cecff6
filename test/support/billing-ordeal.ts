import type { BillingStage } from './billing-stage.js';
import { eventually } from './eventually.js';
import type { RegisteredBody } from './person.js';
import { generatorOf } from './seat-generator.js';
import { ScriptedCustomer, scriptOf, type Step } from './stripe-script.js';
import type { Told } from './stripe-told.js';
import type { Sender, Sent } from './wire.js';

export interface Ordeal {
  seed: number;
  /** Of Stripe, about. */
  events: number;
  tenants: number;
  /** What happens at Stripe, and what is delivered of it, comes in so many pieces. */
  waves: number;
  /** Looks at Stripe that are held up until something newer is written. */
  laggards: number;
  /** Where the same is sent besides, for comparison. */
  contestant?: Sender;
  /** Beside the delivery of each wave, and once more beside that of what came last of all. */
  during?: (wave: number) => Promise<void>;
}

export interface Endured {
  /** To whom everything was told once, in order, one after the other. */
  ordered: Twin[];
  /** To whom the same was told five times, in any order. */
  shuffled: Twin[];
  events: number;
  /** The ids of all events that were told, to either. */
  told: readonly string[];
  /** What webhooks met. */
  wire: Sender;
}

/** Of each pair both live through the same. */
export interface Twin {
  tenant: RegisteredBody;
  customer: ScriptedCustomer;
  steps: Step[];
}

const COPIES = 5;
const CONNECTIONS = 8;
/** A copy comes at most so large a part of all waves late. */
const LATE = 4;
const LAGGARD_MS = 1_500;
/** Sent to one, then to the other, in turn. */
const TURN = 200;

/**
 * Plays the same to two lots of tenants. Of the one every event comes once and in order, and is waited for; of the other
 * each comes five times, shuffled among those of all tenants and of later days, over eight connections.
 */
export async function endure(stage: BillingStage, ordeal: Ordeal): Promise<Endured> {
  const random = generatorOf(ordeal.seed);
  const told = stage.listen();
  const ordered = await cast(stage, ordeal.tenants);
  const wire = stage.measured(CONNECTIONS);
  try {
    const perTenant = Math.ceil(ordeal.events / ordeal.tenants);
    const scripts = ordered.map(() => scriptOf(generatorOf(random(1 << 30))));
    const counts = await Promise.all(
      ordered.map((twin, at) => playInOrder(stage, told, twin, scripts[at]!, perTenant)),
    );
    // Their last mails, too: no worker that is killed from now on has anything of theirs in its hands.
    await stage.settled();
    const shuffled = await cast(stage, ordeal.tenants);
    shuffled.forEach((twin, at) => (twin.steps = ordered[at]!.steps));
    await playShuffled(stage, told, shuffled, ordeal, random, wire);
    await stage.settled();
    const events = counts.reduce((sum, one) => sum + one, 0);
    return { ordered, shuffled, events, told: told.ids, wire };
  } finally {
    wire.close();
  }
}

async function cast(stage: BillingStage, count: number): Promise<Twin[]> {
  const tenants = await stage.tenants(count);
  return Promise.all(
    tenants.map(async (tenant) => ({
      tenant,
      customer: await ScriptedCustomer.make(stage.stripe, tenant.tenant.id),
      steps: [],
    })),
  );
}

/** Until so many events have come of it. */
async function playInOrder(
  stage: BillingStage,
  told: Told,
  { customer, steps }: Twin,
  next: () => Step,
  events: number,
): Promise<number> {
  const wire = stage.wire(1);
  let count = 0;
  // What a held-up look misses has to be seen: the last step is one that shows.
  for (let isLast = false; !isLast;) {
    isLast = count >= events;
    const step: Step = isLast ? { verb: 'seats', number: 20 } : next();
    steps.push(step);
    await customer.play(step);
    const fresh = told.take(customer.id, customer.clock);
    await wire.send(fresh.map((one) => stage.signed(one.body)));
    const ids = fresh.map((one) => one.id);
    await eventually(async () => (await stage.waiting(ids)) === 0, { withinMs: 60_000, everyMs: 20 });
    count += fresh.length;
  }
  wire.close();
  return count;
}

async function playShuffled(
  stage: BillingStage,
  told: Told,
  twins: readonly Twin[],
  { waves, laggards, contestant, during }: Ordeal,
  random: (below: number) => number,
  wire: Sender,
): Promise<void> {
  const decks: string[][] = Array.from({ length: waves }, () => []);
  const late = Math.max(1, Math.ceil(waves / LATE));
  const deal = ({ customer }: Twin, wave: number) => {
    for (const { body } of told.take(customer.id, customer.clock))
      for (let copy = 0; copy < COPIES; copy++) decks[Math.min(waves - 1, wave + random(late))]!.push(body);
  };
  const act = (wave: number) =>
    Promise.all(
      twins.map(async (twin) => {
        const all = twin.steps.length - 1;
        const from = Math.floor((all * wave) / waves);
        for (const step of twin.steps.slice(from, Math.floor((all * (wave + 1)) / waves)))
          await twin.customer.play(step);
        deal(twin, wave);
      }),
    );

  await act(0);
  for (let wave = 0; wave < waves; wave++) {
    const deck = shuffle(decks[wave]!, random);
    // The next things happen while these are told.
    await Promise.all([
      deliver(stage, deck, wire, contestant),
      wave + 1 < waves ? act(wave + 1) : undefined,
      during?.(wave),
    ]);
  }
  for (const [at, twin] of twins.entries()) {
    const last = () => twin.customer.play(twin.steps.at(-1)!);
    if (at < laggards) await lag(stage, told, twin, wire, last);
    else await last();
    const rest = told.take(twin.customer.id, twin.customer.clock);
    const bodies = rest.flatMap((one) => Array<string>(COPIES).fill(one.body));
    const isLast = at === twins.length - 1;
    await Promise.all([
      deliver(stage, shuffle(bodies, random), wire, contestant),
      // A look that follows undisturbed mends whatever was lost: so the last one is disturbed, too.
      isLast ? during?.(waves) : undefined,
    ]);
  }
}

/** One worker is held up over what it saw before the last step, while the other sees that. */
async function lag(
  stage: BillingStage,
  told: Told,
  { customer }: Twin,
  wire: Sender,
  last: () => Promise<void>,
): Promise<void> {
  await stage.settled();
  await stage.stripe.stripe.customers.update(customer.id, { description: 'a reason to look' });
  const reasons = told.take(customer.id, customer.clock);
  await customer.delayNextLook(LAGGARD_MS, () => wire.send(reasons.map((one) => stage.signed(one.body))));
  await last();
}

async function deliver(
  stage: BillingStage,
  bodies: readonly string[],
  wire: Sender,
  contestant: Sender | undefined,
): Promise<void> {
  for (let from = 0; from < bodies.length; from += TURN) {
    const turn: Sent[] = bodies.slice(from, from + TURN).map((body) => stage.signed(body));
    await wire.send(turn);
    await contestant?.send(turn);
  }
}

function shuffle<T>(all: readonly T[], random: (below: number) => number): T[] {
  const shuffled = [...all];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
  }
  return shuffled;
}
