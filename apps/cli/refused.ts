import { readFileSync, statSync } from 'node:fs';

/** A sentence for whoever ran the command; where in our code it was said helps nobody. */
export class Refused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Refused';
    this.stack = undefined;
  }
}

/** The text of a file somebody named, of `maxBytes` at most. Throws a sentence. */
export function readNamed(file: string, maxBytes: number): string {
  try {
    if (statSync(file).size <= maxBytes) return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Refused(`${file} cannot be read: ${(error as Error).message}.`);
  }
  throw new Refused(`${file} is longer than ${maxBytes} bytes.`);
}

/** What `work` gives; an error it throws is one of the person's making, and told as a sentence. */
export function inSentences<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Refused((error as Error).message);
  }
}
