import { readEnvironment } from '#platform';
import { calibrate } from './calibrate.js';
import { concurrencyIn, concurrencyOf, isStrongEnough } from './passwords.config.js';

/** A machine that takes 1 ms for 1 MiB and pass. */
const machine = async (memoryKib: number, passes: number) => (memoryKib / 1_024) * passes;

describe('calibrating argon2id', () => {
  it('takes the most memory that the time allows, then passes', async () => {
    const found = await calibrate(130, 1, machine);
    expect(found).toMatchObject({ memoryKib: 65_536, passes: 2, milliseconds: 128 });
    expect(await calibrate(100, 1, machine)).toMatchObject({ memoryKib: 47_104, passes: 2 });
    expect(await calibrate(60, 1, machine)).toMatchObject({ memoryKib: 19_456, passes: 3 });
  });

  it('never goes below what OWASP asks, however slow the machine', async () => {
    const { memoryKib, passes } = await calibrate(1, 1, machine);
    expect(isStrongEnough(memoryKib, passes)).toBe(true);
  });

  it('counts with as many at a time as run: one core and one thread of the pool are left to the rest', () => {
    const of = (cores: number, pool = 4, concurrency?: number) => concurrencyOf({ concurrency, pool }, cores);
    expect([of(1), of(2), of(4), of(16), of(16, 24), of(2, 1)]).toEqual([1, 1, 3, 3, 15, 1]);
    expect([of(16, 4, 2), of(16, 4, 4), of(16, 4, 8), of(16, 12, 8)]).toEqual([2, 4, 4, 8]);

    const has = (variables: Record<string, string>) => concurrencyIn(readEnvironment(variables));
    expect([
      has({ AUTH_HASH_CONCURRENCY: '9' }),
      has({ AUTH_HASH_CONCURRENCY: '9', UV_THREADPOOL_SIZE: '6' }),
    ]).toEqual([4, 6]);
    expect(has({})).toBeLessThanOrEqual(3);
  });

  it('knows what is too weak', () => {
    expect([isStrongEnough(19_456, 1), isStrongEnough(12_288, 2), isStrongEnough(7_168, 4)]).toEqual([
      false,
      false,
      false,
    ]);
    expect([isStrongEnough(19_456, 2), isStrongEnough(7_168, 5), isStrongEnough(65_536, 1)]).toEqual([
      true,
      true,
      true,
    ]);
  });
});
