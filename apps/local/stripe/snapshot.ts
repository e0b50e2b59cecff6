import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writePrivately } from '../secrets-file.js';
import type { Books } from './books.js';
import type { IdempotencyKeys } from './idempotency.js';

interface Kept {
  store: Parameters<Books['store']['load']>[0];
  keys: Parameters<IdempotencyKeys['load']>[0];
  ahead: number;
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

  load(): void {
    if (!existsSync(this.file)) return;
    const kept = JSON.parse(readFileSync(this.file, 'utf8')) as Kept;
    this.books.store.load(kept.store);
    this.keys.load(kept.keys);
    this.books.clock.advance(kept.ahead);
    this.books.settings = { ...this.books.settings, ...kept.settings };
  }

  saveIfChanged(): void {
    if (this.saved !== this.books.store.version) this.save();
  }

  save(): void {
    this.saved = this.books.store.version;
    const { store, clock, settings } = this.books;
    mkdirSync(dirname(this.file), { recursive: true });
    writePrivately(
      this.file,
      JSON.stringify({ store, keys: this.keys, ahead: clock.secondsAhead, settings }),
    );
  }
}
