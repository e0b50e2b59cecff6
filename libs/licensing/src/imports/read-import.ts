import type { Readable } from 'node:stream';
import { csvLines } from '#platform';
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

/** Reads a whole CSV file. Throws what reading the stream throws. */
export async function readImport(stream: Readable): Promise<ImportFile> {
  const file: ImportFile = { rows: [], faults: [] };
  for await (const one of csvLines(stream, { lineMax: LINE_MAX, faultsOfHeader })) {
    const { line } = one;
    const fault = (message: string) => file.faults.push({ line, column: null, message });
    if (file.rows.length >= IMPORT_ROWS_MAX) {
      fault(`a file may have no more than ${IMPORT_ROWS_MAX} lines; split it`);
      break;
    }
    if ('fault' in one) fault(one.fault);
    else {
      const parsed = parseRow(line, one.fields);
      if ('row' in parsed) file.rows.push({ line, row: parsed.row });
      else file.faults.push(...parsed.faults);
    }
  }
  return file;
}

function faultsOfHeader(header: readonly string[]): string[] {
  const known: readonly string[] = IMPORT_COLUMNS;
  const unknown = header.filter((name) => !known.includes(name) && !name.startsWith(METADATA_COLUMN));
  return [
    ...unknown.map(
      (name) => `there is no column ${JSON.stringify(name)}; there are ${known.join(', ')}, metadata.*`,
    ),
    ...(header.includes('tenant_id') ? [] : ['the column tenant_id is missing']),
    ...(header.includes('plan') || header.includes('policy') ? [] : ['a column plan or policy is missing']),
  ];
}
