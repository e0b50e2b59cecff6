import { openSync, readFileSync, writeSync } from 'node:fs';

/**
 * What a client of the ordeal was told, or is about to do, one line each. `from` and `to`: when it asked and heard, by
 * the machine's clock in ms, which is Redis's, too.
 */
export type SeatRecord =
  /** Held until `expiry`, decided at `at` by Redis's clock; `isNew`: by acquire. */
  | {
      kind: 'held';
      pool: number;
      seat: string;
      device: string;
      person: string;
      from: number;
      to: number;
      at: number;
      expiry: number;
    }
  /** A heartbeat was told that the seat is somebody else's (`full`) or over (`gone`). */
  | { kind: 'lost'; pool: number; seat: string; why: 'full' | 'gone'; from: number; to: number }
  /** From now on the client does not count on it; written before it asks. */
  | { kind: 'leaving'; pool: number; seat: string; from: number }
  /** It was told that the seat is over. */
  | { kind: 'left'; pool: number; seat: string; to: number };

/** Kept in the file of a process that may be killed at any moment. */
export class SeatLog {
  private readonly file: number;
  private lines = '';
  private count = 0;

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  write(record: SeatRecord): void {
    this.lines += `${JSON.stringify(record)}\n`;
    this.count += 1;
    // What is left in memory at a kill nobody was told of; that somebody leaves has to be known.
    if (this.count >= 200 || record.kind === 'leaving') this.flush();
  }

  flush(): void {
    if (this.lines === '') return;
    writeSync(this.file, this.lines);
    this.lines = '';
    this.count = 0;
  }
}

/** The last line may have been cut by a kill. */
export function recordsOf(path: string): SeatRecord[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as SeatRecord);
}
