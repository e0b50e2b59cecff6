import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endure } from '../support/seat-ordeal.js';
import { pressed, reckon } from '../support/seat-reckoning.js';
import { someSeed } from '../support/seeds.js';

/** `npm run drill` does the same with ten million. */
const OPERATIONS = 60_000;

describe('seats, with processes killed, clients lost and Redis emptied', () => {
  it('never has more holders than seats, loses none in its time, brings none back', async () => {
    const seed = someSeed();
    const began = performance.now();
    const survived = await endure({ operations: OPERATIONS, seed, kills: 2, flushes: 2 });
    const { records, caps, losses, operations } = survived;
    const faults = [...survived.faults, ...reckon(records, caps, losses)];
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    process.stdout.write(`${operations} operations on seats in ${seconds} s, seed ${seed}\n`);
    if (faults.length > 0) {
      const some = faults.slice(0, 20).join('\n');
      const file = join(tmpdir(), `seats-${seed}.json`);
      writeFileSync(file, JSON.stringify({ records, caps, losses, faults }));
      throw new Error(
        `${faults.length} faults. GATEHOUSE_SEED=${seed} repeats the choices; what was told is in ${file}.\n${some}`,
      );
    }
    expect(records.filter((one) => one.kind === 'held').length).toBeGreaterThan(operations / 4);
    expect(pressed(records)).toBeGreaterThan(3);
  }, 900_000);
});
