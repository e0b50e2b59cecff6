import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writePrivately } from '../secrets-file.js';
import type { Books } from './books.js';
import type { IdempotencyKeys } from './idempotency.js';

interface Kept {
  store: Parameters<Books['store']['load']>[0];
  keys: Parameters<IdempotencyKeys['load']>[0];
  ahead: number;
  port: number;
  settings: Books['settings'];
}

/** What `npm start` finds again: one JSON file, written whole. */
export class Snapshot {
  private saved = 0;

  constructor(
    private readonly file: string,
    private readonly books: Books,
    private readonly keys: IdempotencyKeys,
  ) {}

  /** The port it listened on; the pages that were opened then have it in their addresses. */
  load(): number | undefined {
    if (!existsSync(this.file)) return undefined;
    const kept = JSON.parse(readFileSync(this.file, 'utf8')) as Kept;
    this.books.store.load(kept.store);
    this.keys.load(kept.keys);
    this.books.clock.advance(kept.ahead);
    this.books.settings = { ...this.books.settings, ...kept.settings };
    return kept.port;
  }

  saveIfChanged(): void {
    if (this.saved !== this.books.store.version) this.save();
  }

  save(): void {
    this.saved = this.books.store.version;
    const { store, clock, settings, baseUrl } = this.books;
    mkdirSync(dirname(this.file), { recursive: true });
    writePrivately(
      this.file,
      JSON.stringify({
        store,
        keys: this.keys,
        ahead: clock.secondsAhead,
        port: Number(new URL(baseUrl).port),
        settings,
      }),
    );
  }
}
