import { randomInt } from 'node:crypto';
import { endure } from '../support/seat-ordeal.js';
import { say, sized } from '../support/billing-stage.js';
import { pressed, reckon } from '../support/seat-reckoning.js';

/** The ordeal of test/journeys/seats-model.spec.ts, ten million operations in rounds that fit into memory. */
describe('seats under ten million operations, forty kill -9 and forty FLUSHALL', () => {
  const ROUNDS = sized('DRILL_ROUNDS', 20);
  const OPERATIONS = sized('DRILL_OPERATIONS', 500_000);

  it(
    'never has more holders than seats, loses none in its time, brings none back',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const seed = randomInt(1, 1 << 30);
        const ordeal = { operations: OPERATIONS, seed, kills: 2, flushes: 2 };
        const { records, caps, losses, faults, operations } = await endure(ordeal);
        say(
          `round ${round + 1} of ${ROUNDS}, seed ${seed}: ${operations} operations, ${records.length} answers told,` +
            ` ${ordeal.kills} kills, Redis emptied ${losses.length} times, ${caps.length} limits, ${pressed(records)} pools full`,
        );
        expect({ seed, faults: [...faults, ...reckon(records, caps, losses)].slice(0, 20) }).toEqual({
          seed,
          faults: [],
        });
      }
    },
    4 * 3_600_000,
  );
});
