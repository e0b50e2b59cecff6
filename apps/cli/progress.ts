import { SingleBar } from 'cli-progress';
import { say } from './say.js';

/** Lines between two words to a log. */
const EVERY = 1_000;

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
