import type { Books } from '../books.js';
import { nextFor, waiting } from './dues.js';
import type { Due } from './dues.js';

/** More steps than a thousand monthly subscriptions take in a year; a loop of our own making shall not hang a test. */
const MOST_STEPS = 100_000;

/**
 * Lets happen what is due until `target`, each at its own time: for the customers of one test clock, or for all those
 * without one. `setTime` is told every moment that time jumps to.
 */
export function runDue(
  books: Books,
  clock: string | null,
  target: number,
  setTime: (time: number) => void,
): void {
  books.store.takeChanged();
  const dues = new Map<string, Due>();
  const look = (id: string) => {
    const due = nextFor(books, id, clock);
    if (due && due.at <= target && !books.stuck.has(id)) dues.set(id, due);
    else dues.delete(id);
  };
  for (const id of waiting(books)) look(id);
  for (let step = 0; step < MOST_STEPS && dues.size > 0; step++) {
    const [id, due] = first(dues);
    setTime(due.at);
    happen(books, clock, id, due);
    for (const changed of [id, ...books.store.takeChanged()]) look(changed);
  }
  setTime(target);
}

/** Those of the same time in the order of their making: a schedule before its subscription. */
function first(dues: Map<string, Due>): [string, Due] {
  let found: [string, Due] | undefined;
  for (const entry of dues) if (!found || entry[1].at < found[1].at) found = entry;
  return found!;
}

/** What cannot happen (a plan that is gone, a limit) is told in the log and left alone: time goes on. */
function happen(books: Books, clock: string | null, id: string, { at, run }: Due): void {
  try {
    // A test clock has told its time already; the server's own stays what it is.
    books.transact(() => (clock === null ? books.clock.at(at, run) : run()));
  } catch (error) {
    books.stuck.add(id);
    books.log(`${id} could not go on: ${error instanceof Error ? error.stack : String(error)}`);
  }
}
