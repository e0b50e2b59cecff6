import { once } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import { SingleBar } from 'cli-progress';
import { Refused } from './refused.js';
import { say } from './say.js';

/** Lines between two words to a log. */
const EVERY = 1_000;

/** A file somebody named, open. Throws a sentence. */
export async function opened(file: string): Promise<ReadStream> {
  const stream = createReadStream(file);
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new Refused(`${file} cannot be read: ${(error as Error).message}.`);
  }
  return stream;
}

/** A bar for who watches, lines for a log. */
export function progressOf(isWatched: boolean) {
  if (isWatched) {
    const bar = new SingleBar({ format: '{bar} {value}/{total} {eta_formatted}' });
    return {
      tell: (done: number, total: number) => (bar.isActive ? bar.update(done) : bar.start(total, done)),
      end: () => bar.stop(),
    };
  }
  let told = 0;
  return {
    tell: (done: number, total: number) => {
      if (Math.floor(done / EVERY) === told) return;
      told = Math.floor(done / EVERY);
      say(`${done} of ${total} lines`);
    },
    end: () => undefined,
  };
}
