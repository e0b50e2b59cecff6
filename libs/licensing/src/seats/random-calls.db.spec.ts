import { generatorOf } from '../../../../test/support/seat-generator.js';
import { someSeed } from '../../../../test/support/seeds.js';
import { SeatBench } from '../testing/seat-bench.js';
import type { SeatAnswer } from './seat-answer.js';
import type { SeatGrant } from './session-id.js';

describe('a pool of seats under random calls over several connections', () => {
  let bench: SeatBench;

  beforeAll(async () => {
    bench = await SeatBench.open();
  });
  afterAll(() => bench.close());

  const OPERATIONS = 4_000;
  const CONNECTIONS = 8;
  const POOLS = 6;
  const TTL_MS = 40;

  /** Known to its client as held from one instant of Redis's clock to another. */
  interface Stay {
    from: number;
    to: number;
  }

  it('is never over its limit, and never holds two devices on one seat', async () => {
    const seed = someSeed();
    const policies = await Promise.all(
      Array.from({ length: POOLS }, (_, i) => bench.opened({ seats: i === 0 ? 0 : 1 + (i % 4) }, {}, TTL_MS)),
    );
    const stays = policies.map(() => new Map<string, Stay[]>());
    const owners = new Map<string, string>();
    const faults: string[] = [];

    async function client(index: number): Promise<void> {
      const random = generatorOf(seed + index);
      const mine = bench.another();
      const grants: SeatGrant[] = [];
      const keep = (at: number, grant: SeatGrant, answer: Extract<SeatAnswer, { outcome: 'held' }>) => {
        // The answer tells when Redis decided: the TTL before the end.
        const to = answer.expiresAt.getTime();
        const list = stays[at]!.get(grant.seatId) ?? [];
        stays[at]!.set(grant.seatId, [...list, { from: to - TTL_MS, to }]);
        if (answer.max !== null && answer.used > answer.max)
          faults.push(`pool ${at}: ${answer.used} of ${answer.max} used`);
      };
      for (let n = 0; n < OPERATIONS / CONNECTIONS; n++) {
        const at = random(POOLS);
        const policy = policies[at]!;
        const known = grants.filter((grant) => grant.licenseId === policy.licenseId);
        const grant = known[random(known.length || 1)];
        const kind = random(10);
        if (kind < 5 || !grant) {
          const device = `${index}${random(3)}`.padStart(32, '0');
          const { grant: held, answer } = await bench.acquire(policy, { device }, mine);
          if (answer.outcome !== 'held') continue;
          if ((owners.get(held.seatId) ?? held.device) !== held.device)
            faults.push(`seat ${held.seatId} has two devices`);
          owners.set(held.seatId, held.device);
          grants.push(held);
          keep(at, held, answer);
        } else if (kind < 8) {
          const answer = await bench.beat(grant, random(2) === 0 ? 'open' : undefined, mine);
          if (answer.outcome === 'held') keep(at, grant, answer);
        } else {
          const before = await bench.now();
          const outcome = await bench.release(grant, false, mine);
          // Until then at least it was held, if it was.
          if (outcome !== 'unknown')
            for (const stay of stays[at]!.get(grant.seatId) ?? [])
              stay.to = Math.min(stay.to, Math.max(before, stay.from));
        }
      }
    }

    await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => client(index)));

    policies.forEach((policy, at) => {
      const most = peak([...stays[at]!.values()].map(merged));
      if (most > (policy.terms.seats ?? Infinity))
        faults.push(`pool ${at}: ${most} held of ${policy.terms.seats}`);
      // Else nothing was at stake.
      if (policy.terms.seats && most < policy.terms.seats)
        faults.push(`pool ${at}: never more than ${most} of ${policy.terms.seats}`);
    });
    if (faults.length > 0)
      throw new Error(`Seed ${seed} (GATEHOUSE_SEED repeats its choices):\n${faults.join('\n')}`);
  });

  /** Stays of one seat that meet, as one. */
  function merged(list: readonly Stay[]): Stay[] {
    const out: Stay[] = [];
    for (const stay of [...list].sort((a, b) => a.from - b.from)) {
      const last = out.at(-1);
      if (last && stay.from <= last.to) last.to = Math.max(last.to, stay.to);
      else out.push({ ...stay });
    }
    return out;
  }

  /** How many seats were held at one instant, at most. A seat that ends in a millisecond is free in it. */
  function peak(seats: readonly Stay[][]): number {
    const turns = seats
      .flat()
      .flatMap(({ from, to }) => (from < to ? [[from, 1] as const, [to, -1] as const] : []));
    let now = 0;
    let most = 0;
    for (const [, by] of turns.sort((a, b) => a[0] - b[0] || a[1] - b[1])) most = Math.max(most, (now += by));
    return most;
  }
});
