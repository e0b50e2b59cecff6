import { randomBytes } from 'node:crypto';
import type { Kind, Kinds, Notes } from './kinds.js';
import { clone } from './wire.js';

type Stored = Kinds[Kind];
type Shelf = Map<string, Stored>;

/** The newest of each; what a developer's machine makes in a year of clicking fits. */
const MOST_OF_A_KIND = 20_000;
const MOST_EVENTS = 10_000;

/** Everything the local Stripe knows, in memory, with undo for the request that turns out to be refused. */
export class Store {
  private readonly shelves = new Map<Kind, Shelf>();
  private readonly tombstones = new Map<string, { id: string; object: string; deleted: true }>();
  private undo: (() => void)[] | undefined;
  private changed = new Set<string>();
  /** Counts writes, so that whoever keeps a copy knows whether it is stale. */
  version = 0;

  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined {
    return this.shelf(kind).get(id) as Kinds[K] | undefined;
  }

  /** Oldest first. */
  ids(kind: Kind): string[] {
    return [...this.shelf(kind).keys()];
  }

  /** What was written since this was last asked. */
  takeChanged(): Set<string> {
    const { changed } = this;
    this.changed = new Set();
    return changed;
  }

  /** Oldest first. */
  all<K extends Kind>(kind: K): Kinds[K][] {
    return [...this.shelf(kind).values()] as Kinds[K][];
  }

  add<K extends Kind>(object: Kinds[K]): Kinds[K] {
    const shelf = this.shelf(object.object as Kind);
    const { id } = object as { id: string };
    shelf.set(id, object);
    this.wrote(id, () => shelf.delete(id));
    this.makeRoom(object.object as Kind, shelf);
    return object;
  }

  /** To be called before an object is changed in place. */
  touch(object: Stored): void {
    const before = clone(object);
    this.wrote((object as { id: string }).id, () => {
      for (const name of Object.keys(object)) delete (object as unknown as Record<string, unknown>)[name];
      Object.assign(object, before);
    });
  }

  remove(kind: Kind, id: string): void {
    const shelf = this.shelf(kind);
    const object = shelf.get(id);
    if (!object) return;
    shelf.delete(id);
    this.wrote(id, () => shelf.set(id, object));
  }

  /** Removes it and remembers that it was: a customer can still be retrieved, as deleted. */
  bury(kind: Kind, id: string): { id: string; object: string; deleted: true } {
    this.remove(kind, id);
    const tombstone = { id, object: kind as string, deleted: true as const };
    this.tombstones.set(id, tombstone);
    this.wrote(id, () => this.tombstones.delete(id));
    return tombstone;
  }

  buried(id: string) {
    return this.tombstones.get(id);
  }

  /** Whatever has this id, for expanding a reference to it. */
  find(id: string): Stored | { id: string; object: string; deleted: true } | undefined {
    for (const [kind, shelf] of this.shelves) {
      if (kind === 'notes' || kind === 'usage') continue;
      const found = shelf.get(id);
      if (found) return found;
    }
    return this.tombstones.get(id);
  }

  notes(id: string): Notes {
    return this.get('notes', id) ?? this.add<'notes'>({ id, object: 'notes' });
  }

  note(id: string, changes: Partial<Notes>): void {
    const notes = this.notes(id);
    this.touch(notes);
    Object.assign(notes, changes);
  }

  /** Does the work; when it throws, everything is as it was, unless `keeps` says that this refusal leaves traces. */
  attempt<T>(work: () => T, keeps: (error: unknown) => boolean = () => false): T {
    const outer = this.undo;
    const mine: (() => void)[] = [];
    this.undo = mine;
    try {
      const result = work();
      outer?.push(...mine);
      return result;
    } catch (error) {
      if (keeps(error)) outer?.push(...mine);
      else for (const step of mine.reverse()) step();
      throw error;
    } finally {
      this.undo = outer;
    }
  }

  /** Does the work and takes it back, whatever came of it: a look into the future. */
  imagine<T>(work: () => T): T {
    const seen: { value?: T } = {};
    const enough = Symbol('enough');
    try {
      this.attempt(() => {
        seen.value = clone(work());
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw enough;
      });
    } catch (error) {
      if (error !== enough) throw error;
    }
    return seen.value as T;
  }

  toJSON(): unknown {
    return {
      shelves: Object.fromEntries([...this.shelves].map(([kind, shelf]) => [kind, [...shelf.values()]])),
      tombstones: [...this.tombstones.values()],
    };
  }

  load(snapshot: {
    shelves: Record<string, Stored[]>;
    tombstones: { id: string; object: string; deleted: true }[];
  }): void {
    for (const [kind, objects] of Object.entries(snapshot.shelves)) {
      const shelf = this.shelf(kind as Kind);
      for (const object of objects) shelf.set((object as { id: string }).id, object);
    }
    for (const tombstone of snapshot.tombstones) this.tombstones.set(tombstone.id, tombstone);
  }

  /** The oldest of a kind goes, with what we remember about it. */
  private makeRoom(kind: Kind, shelf: Shelf): void {
    if (kind === 'notes' || shelf.size <= (kind === 'event' ? MOST_EVENTS : MOST_OF_A_KIND)) return;
    const oldest = shelf.keys().next().value!;
    shelf.delete(oldest);
    this.shelf('notes').delete(oldest);
  }

  private shelf(kind: Kind): Shelf {
    let shelf = this.shelves.get(kind);
    if (!shelf) this.shelves.set(kind, (shelf = new Map()));
    return shelf;
  }

  private wrote(id: string, back: () => void): void {
    this.version++;
    this.changed.add(id);
    this.undo?.push(back);
  }
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** An id that looks like Stripe's: `prefix_` and 24 letters and digits. */
export function newId(prefix: string, length = 24): string {
  return `${prefix}_${[...randomBytes(length)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('')}`;
}
