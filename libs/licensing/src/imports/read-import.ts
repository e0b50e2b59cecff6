import type { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import {
  type ImportFault,
  IMPORT_COLUMNS,
  type ImportRow,
  METADATA_COLUMN,
  parseRow,
} from './import-line.js';

/** The longest line, in bytes: twenty notes of 500 letters and the rest fit. */
const LINE_MAX = 32 * 1024;
/** All of a file is looked at before anything is written, so it is held: 100,000 lines are about 100 MB. */
const IMPORT_ROWS_MAX = 100_000;

export interface ImportFile {
  rows: { line: number; row: ImportRow }[];
  faults: ImportFault[];
}

interface Parsed {
  record: Record<string, string>;
  /** With what is wrong with its number of fields. */
  info: Info & { error?: CsvError };
}

/** Reads a whole CSV file: UTF-8, the first line names the columns. Throws what reading the stream throws. */
export async function readImport(stream: Readable): Promise<ImportFile> {
  const rows: ImportFile['rows'] = [];
  const faults: ImportFault[] = [];
  let isHeaderWrong = false;
  const fail = (line: number, column: string | null, message: string) => {
    // A line that is too long is told in pieces.
    if (faults.at(-1)?.line !== line || column !== null) faults.push({ line, column, message });
  };
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    skip_records_with_error: true,
    max_record_size: LINE_MAX,
    columns: (header: string[]) => {
      const wrong = faultsOfHeader(header);
      faults.push(...wrong.map((message) => ({ line: 1, column: null, message })));
      isHeaderWrong = wrong.length > 0;
      return header;
    },
    on_skip: (error: CsvError | undefined) => {
      fail(Number(error?.lines ?? 0), null, WORDS[error?.code ?? ''] ?? error?.message ?? 'cannot be read');
    },
  });
  stream.on('error', (error) => parser.destroy(error));
  stream.pipe(parser);

  for await (const { record, info } of parser as AsyncIterable<Parsed>) {
    if (isHeaderWrong) break;
    if (rows.length >= IMPORT_ROWS_MAX) {
      fail(info.lines, null, `a file may have no more than ${IMPORT_ROWS_MAX} lines; split it`);
      break;
    }
    if (info.error) fail(info.lines, null, 'has more or fewer fields than the first line');
    else {
      const parsed = parseRow(info.lines, record);
      if ('row' in parsed) rows.push({ line: info.lines, row: parsed.row });
      else faults.push(...parsed.faults);
    }
  }
  stream.destroy();
  return { rows, faults: faults.sort((a, b) => a.line - b.line) };
}

const WORDS: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_MAX_RECORD_SIZE: `is longer than ${LINE_MAX} bytes, or a quote in it is never closed`,
  INVALID_OPENING_QUOTE: 'has a quote in the middle of a field; write such a field in quotes',
};

function faultsOfHeader(header: readonly string[]): string[] {
  const known: readonly string[] = IMPORT_COLUMNS;
  const unknown = header.filter((name) => !known.includes(name) && !name.startsWith(METADATA_COLUMN));
  const twice = header.filter((name, index) => header.indexOf(name) !== index);
  return [
    ...unknown.map(
      (name) => `there is no column ${JSON.stringify(name)}; there are ${known.join(', ')}, metadata.*`,
    ),
    ...twice.map((name) => `the column ${name} is there twice`),
    ...(header.includes('tenant_id') ? [] : ['the column tenant_id is missing']),
    ...(header.includes('plan') || header.includes('policy') ? [] : ['a column plan or policy is missing']),
  ];
}
