import { SeatBench } from '../testing/seat-bench.js';
import { poolKeys } from './pool-keys.js';
import type { PoolPolicy } from './pool-policy.js';

describe('refusals of a full pool', () => {
  let bench: SeatBench;
  let policy: PoolPolicy;

  beforeAll(async () => {
    bench = await SeatBench.open();
    policy = await bench.opened();
  });
  afterAll(() => bench.close());

  const ask = async () => (await bench.acquire(policy)).answer.outcome;

  /** How many refusals each entry of the ledger stands for, oldest first. */
  async function told(): Promise<number[]> {
    const refused = (await bench.entries(policy)).filter((one) => one.get('change') === 'refused');
    return refused.map((one) => Number(one.get('count')));
  }

  it('are told at once the first time, and then counted by the minute', async () => {
    expect(await ask()).toBe('held');
    for (let i = 0; i < 10; i++) expect(await ask()).toBe('full');
    const atOnce = await told();
    // Ten calls may stand on both sides of a minute's end.
    expect(atOnce.length).toBeLessThanOrEqual(3);

    const refused = poolKeys(policy.licenseId)[7]!;
    const counted = Number(await bench.redis.hget(refused, 'more'));
    await bench.redis.hset(refused, 'minute', 1);
    await bench.pool.sweep(policy);
    expect(await told()).toEqual([...atOnce, counted]);
    expect((await told()).reduce((sum, count) => sum + count, 0)).toBe(10);
    expect(await bench.redis.exists(refused)).toBe(0);
  });
});
