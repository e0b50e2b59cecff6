import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { parsePerson, PERSON_FIELDS, type PersonFault, type PersonRow } from './person-line.js';

/** The longest line, in characters. */
const LINE_MAX = 8_192;
/** All of a file is looked at before anything is written, so it is held. */
const LINES_MAX = 100_000;

export interface PeopleFile {
  rows: { line: number; row: PersonRow }[];
  faults: PersonFault[];
}

type Line = { line: number; fields: unknown } | { line: number; message: string };

/** Reads a whole file, UTF-8: CSV, whose first line names the columns, or a JSON object on each line. */
export async function readPeople(stream: Readable, format: 'csv' | 'jsonl'): Promise<PeopleFile> {
  const file: PeopleFile = { rows: [], faults: [] };
  const seen = new Map<string, number>();
  for await (const one of format === 'csv' ? csvLines(stream) : jsonLines(stream)) {
    const { line } = one;
    const fault = (field: string | null, message: string) => file.faults.push({ line, field, message });
    if (file.rows.length >= LINES_MAX) {
      fault(null, `a file may have no more than ${LINES_MAX} people; split it`);
      break;
    }
    if ('message' in one) {
      fault(null, one.message);
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

async function* csvLines(stream: Readable): AsyncGenerator<Line> {
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: LINE_MAX,
    columns: (header: string[]) => header,
  });
  stream.on('error', (error) => parser.destroy(error));
  stream.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>;
      info: Info & { error?: CsvError };
    }>) {
      const unknown = Object.keys(record).filter((name) => !PERSON_FIELDS.includes(name));
      if (unknown.length > 0)
        return yield {
          line: 1,
          message: `there is no column ${unknown[0]}; those are ${PERSON_FIELDS.join(', ')}`,
        };
      if (info.error) yield { line: info.lines, message: 'has more or fewer fields than the first line' };
      else yield { line: info.lines, fields: record };
    }
  } catch (error) {
    if ((error as CsvError).code === undefined || !('lines' in (error as object))) throw error;
    yield { line: Number((error as CsvError & { lines: number }).lines), message: (error as Error).message };
  }
}

async function* jsonLines(stream: Readable): AsyncGenerator<Line> {
  let line = 0;
  for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === '') continue;
    if (text.length > LINE_MAX) yield { line, message: `is longer than ${LINE_MAX} characters` };
    else yield parsed(line, text);
  }
}

function parsed(line: number, text: string): Line {
  try {
    return { line, fields: JSON.parse(text) as unknown };
  } catch {
    return { line, message: 'is no JSON object' };
  }
}
