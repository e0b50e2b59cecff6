import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { csvLines } from '#platform';
import { parsePerson, PERSON_FIELDS, type PersonFault, type PersonRow } from './person-line.js';

/** The longest line, in characters; of CSV in bytes. */
const LINE_MAX = 8_192;
/** All of a file is looked at before anything is written, so it is held. */
const LINES_MAX = 100_000;

export interface PeopleFile {
  rows: { line: number; row: PersonRow }[];
  faults: PersonFault[];
}

type Line = { line: number; fields: unknown } | { line: number; fault: string };

/** Reads a whole file, UTF-8: CSV, whose first line names the columns, or a JSON object on each line. */
export async function readPeople(stream: Readable, format: 'csv' | 'jsonl'): Promise<PeopleFile> {
  const file: PeopleFile = { rows: [], faults: [] };
  const seen = new Map<string, number>();
  const lines: AsyncIterable<Line> =
    format === 'csv' ? csvLines(stream, { lineMax: LINE_MAX, faultsOfHeader }) : jsonLines(stream);
  for await (const one of lines) {
    const { line } = one;
    const fault = (field: string | null, message: string) => file.faults.push({ line, field, message });
    if (file.rows.length >= LINES_MAX) {
      fault(null, `a file may have no more than ${LINES_MAX} people; split it`);
      break;
    }
    if ('fault' in one) {
      fault(null, one.fault);
      continue;
    }
    const parsed = parsePerson(line, one.fields);
    if ('faults' in parsed) {
      file.faults.push(...parsed.faults);
      continue;
    }
    const before = seen.get(parsed.row.email);
    if (before !== undefined) fault('email', `is that of line ${before}, too`);
    else {
      seen.set(parsed.row.email, line);
      file.rows.push({ line, row: parsed.row });
    }
  }
  stream.destroy();
  return file;
}

const faultsOfHeader = (header: readonly string[]): string[] =>
  header
    .filter((name) => !PERSON_FIELDS.includes(name))
    .map((name) => `there is no column ${name}; those are ${PERSON_FIELDS.join(', ')}`);

async function* jsonLines(stream: Readable): AsyncGenerator<Line> {
  let line = 0;
  for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === '') continue;
    if (text.length > LINE_MAX) yield { line, fault: `is longer than ${LINE_MAX} characters` };
    else yield parsed(line, text);
  }
}

function parsed(line: number, text: string): Line {
  try {
    return { line, fields: JSON.parse(text) as unknown };
  } catch {
    return { line, fault: 'is no JSON object' };
  }
}
