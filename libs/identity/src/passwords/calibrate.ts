import { totalmem } from 'node:os';
import { hash } from '@node-rs/argon2';
import { isStrongEnough } from './passwords.config.js';

/** What suits this machine, as settings. */
export interface Calibration {
  memoryKib: number;
  passes: number;
  lanes: number;
  concurrency: number;
  /** One hash, in ms, as measured. */
  milliseconds: number;
}

const SAMPLES = 3;
const MIB = 1_024;
/** From OWASP's floor upwards; more memory is worth more than more passes (RFC 9106, 4). */
const MEMORY_KIB = [19_456, 32 * MIB, 46 * MIB, 64 * MIB, 96 * MIB, 128 * MIB, 192 * MIB, 256 * MIB];
/** All hashes at a time together take at most this part of the machine's memory. */
const MEMORY_SHARE = 1 / 8;

/**
 * Measures argon2id here and gives the most memory that stays within `targetMs` for one hash, then the most passes.
 * `concurrency` run at a time. `measure` is for tests; it gives the time of one hash in ms.
 */
export async function calibrate(
  targetMs: number,
  concurrency: number,
  measure: (memoryKib: number, passes: number) => Promise<number> = measured,
): Promise<Calibration> {
  const most = (totalmem() / 1_024) * (MEMORY_SHARE / concurrency);
  let best: Calibration = {
    memoryKib: MEMORY_KIB[0]!,
    passes: 2,
    lanes: 1,
    concurrency,
    milliseconds: await measure(MEMORY_KIB[0]!, 2),
  };
  const better = async (memoryKib: number, passes: number): Promise<boolean> => {
    const milliseconds = await measure(memoryKib, passes);
    if (milliseconds > targetMs || !isStrongEnough(memoryKib, passes)) return false;
    best = { ...best, memoryKib, passes, milliseconds };
    return true;
  };
  for (const memoryKib of MEMORY_KIB.slice(1)) {
    if (memoryKib > most || !(await better(memoryKib, 2))) break;
  }
  for (let passes = 3; passes <= 10; passes++) {
    if (!(await better(best.memoryKib, passes))) break;
  }
  return best;
}

/** The median of a few, after one that warms up. */
async function measured(memoryCost: number, timeCost: number): Promise<number> {
  const once = async () => {
    const began = performance.now();
    await hash('correct horse battery staple', { memoryCost, timeCost, parallelism: 1 });
    return performance.now() - began;
  };
  await once();
  const times: number[] = [];
  for (let i = 0; i < SAMPLES; i++) times.push(await once());
  return times.sort((a, b) => a - b)[Math.floor(SAMPLES / 2)]!;
}
