import type { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';

interface CsvOptions {
  /** The longest line, in bytes. */
  lineMax: number;
  /** What is wrong with the columns, in sentences; nothing is read below them then. */
  faultsOfHeader: (columns: readonly string[]) => string[];
}

/** A line by the names of its columns, or why it cannot be read. */
export type CsvLine = { line: number; fields: Record<string, string> } | { line: number; fault: string };

interface Parsed {
  record: Record<string, string>;
  /** With what is wrong with its number of fields. */
  info: Info & { error?: CsvError };
}

/**
 * The lines of a CSV file, in order: UTF-8, the first line names the columns. One that cannot be read is told, and
 * where it has to end the reading it says so. Throws what reading the stream throws.
 */
export async function* csvLines(
  stream: Readable,
  { lineMax, faultsOfHeader }: CsvOptions,
): AsyncGenerator<CsvLine> {
  /** In the order of the file; the parser is ahead of what is read from it. */
  const untold: CsvLine[] = [];
  let isHeaderWrong = false;
  let lostAt = Infinity;
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    skip_records_with_error: true,
    max_record_size: lineMax,
    columns: (header: string[]) => {
      const twice = header.filter((name, index) => header.indexOf(name) !== index);
      const wrong = [...faultsOfHeader(header), ...twice.map((name) => `the column ${name} is there twice`)];
      untold.push(...wrong.map((fault) => ({ line: 1, fault })));
      isHeaderWrong = wrong.length > 0;
      return header;
    },
    on_skip: (error: CsvError | undefined) => {
      if (lostAt < Infinity) return;
      const line = Number(error?.lines ?? 0);
      const lost = lostBy(error?.code, lineMax);
      if (lost) lostAt = line;
      const fault = lost ? `${lost}; nothing below it was read` : WORDS[error?.code ?? ''];
      untold.push({ line, fault: fault ?? error?.message ?? 'cannot be read' });
    },
  });
  stream.on('error', (error) => parser.destroy(error));
  stream.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      yield* untold.splice(0, untold.filter(({ line }) => line < info.lines).length);
      if (isHeaderWrong || info.lines >= lostAt) break;
      if (info.error) yield { line: info.lines, fault: 'has more or fewer fields than the first line' };
      else yield { line: info.lines, fields: record };
    }
    yield* untold;
  } finally {
    stream.destroy();
  }
}

/** By these the parser loses, without a word, what it holds of the lines below (csv-parse 7.0.3). */
function lostBy(code: string | undefined, lineMax: number): string | null {
  if (code === 'CSV_MAX_RECORD_SIZE')
    return `is longer than ${lineMax} bytes, or a quote in it is never closed`;
  return code === 'CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE' ? 'goes on after a closing quote' : null;
}

const WORDS: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  INVALID_OPENING_QUOTE: 'has a quote in the middle of a field; write such a field in quotes',
};
