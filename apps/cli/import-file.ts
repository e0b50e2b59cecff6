import { once } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { progressOf } from './progress.js';
import { Refused } from './refused.js';
import { say } from './say.js';

/** What is wrong with a line, and where in it: a column or a field. */
interface Fault {
  line: number;
  column?: string | null;
  field?: string | null;
  message: string;
}

/** What an import came to, line by line. */
interface Report {
  lines: readonly { outcome: string }[];
  faults: readonly Fault[];
}

/** More of a kind than these are counted, not listed. */
export const LISTED = 1_000;

/** Imports a file somebody named, and shows how far it is. */
export async function importFile<R>(
  file: string,
  work: (lines: Readable, tell: (done: number, total: number) => void) => Promise<R>,
): Promise<R> {
  const lines = await opened(file);
  const progress = progressOf(process.stderr.isTTY);
  return work(lines, progress.tell).finally(progress.end);
}

/** Lists what is wrong. Throws a sentence when that kept everything from being written. */
export function tellFaults(faults: readonly Fault[], skipFaulty: boolean): void {
  for (const { line, column, field, message } of faults.slice(0, LISTED)) {
    const place = column ?? field;
    say(`line ${line}${place ? `, ${place}` : ''}: ${message}`);
  }
  if (faults.length > LISTED) say(`and ${faults.length - LISTED} more faults`);
  if (faults.length > 0 && !skipFaulty)
    throw new Refused(`Nothing was written: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}.`);
}

/** What became of how many lines, in a sentence. */
export function tellOutcomes({ lines, faults }: Report): void {
  const counts = Map.groupBy(lines, ({ outcome }) => outcome);
  const said = [...counts].map(([outcome, group]) => `${group.length} ${outcome}`);
  if (faults.length > 0) said.push(`${new Set(faults.map(({ line }) => line)).size} faulty lines left out`);
  say(said.length === 0 ? 'The file has no lines.' : `${said.join(', ')}.`);
}

async function opened(file: string): Promise<ReadStream> {
  const stream = createReadStream(file);
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new Refused(`${file} cannot be read: ${(error as Error).message}.`);
  }
  return stream;
}
