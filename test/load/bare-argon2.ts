// A contestant of identity.bench.ts: nothing but checks of a password, with the parameters and as many at a time as the
// product has. What signing in costs beyond this is what the product adds.
import { hash, verify } from '@node-rs/argon2';

export interface Hashing {
  password: string;
  memoryKib: number;
  passes: number;
  lanes: number;
  concurrency: number;
  seconds: number;
}

export interface Hashed {
  done: number;
  seconds: number;
}

async function run({ password, memoryKib, passes, lanes, concurrency, seconds }: Hashing): Promise<Hashed> {
  const options = { memoryCost: memoryKib, timeCost: passes, parallelism: lanes };
  const stored = await hash(password, options);
  const began = performance.now();
  let done = 0;
  const one = async () => {
    for (; performance.now() < began + seconds * 1000; done++) await verify(stored, password);
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return { done, seconds: (performance.now() - began) / 1000 };
}

process.on('message', (work: Hashing) => void run(work).then((said) => process.send?.(said)));
process.send?.({ type: 'ready' });
