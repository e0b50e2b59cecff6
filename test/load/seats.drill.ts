import { randomInt } from 'node:crypto';
import { endure } from '../support/seat-ordeal.js';
import { reckon } from '../support/seat-reckoning.js';

/** The ordeal of test/journeys/seats-model.spec.ts, ten million operations in rounds that fit into memory. */
describe('seats under ten million operations, forty kill -9 and forty FLUSHALL', () => {
  const ROUNDS = 20;

  it(
    'never has more holders than seats, loses none in its time, brings none back',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const seed = randomInt(1, 1 << 30);
        const { records, caps, losses, faults } = await endure({
          operations: 500_000,
          seed,
          kills: 2,
          flushes: 2,
        });
        expect({ seed, faults: [...faults, ...reckon(records, caps, losses)].slice(0, 20) }).toEqual({
          seed,
          faults: [],
        });
      }
    },
    4 * 3_600_000,
  );
});
