import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type HeldLock, type LockOptions, withFileLock } from './file-lock.js';
import { codeOf, readPrivate, writePrivate } from './private-file.js';

/** Turns what is kept into text and back. `parse` gives null, or throws, for a text it did not write. */
export interface Codec<T> {
  format(value: T): string | Promise<string>;
  parse(text: string): T | null | Promise<T | null>;
}

/**
 * One value in one file of the state directory: mode 0600, written atomically, changed by one process at a time. A file
 * that cannot be understood counts as absent and is kept aside as `<name>.broken`, the last one only.
 */
export class StateFile<T> {
  readonly path: string;
  private readonly codec: Codec<T>;
  private readonly lock: LockOptions;

  constructor(directory: string, name: string, codec: Codec<T>, lock: LockOptions = {}) {
    this.path = join(directory, name);
    this.codec = codec;
    this.lock = lock;
  }

  /** The value, or null when there is none. Takes no lock unless the file is broken. */
  async read(): Promise<T | null> {
    const text = await readPrivate(this.path);
    if (text === null) return null;
    return (await this.understand(text)) ?? this.exclusively(() => this.readOrSetAside());
  }

  async write(value: T): Promise<void> {
    await this.update(() => value);
  }

  /**
   * Reads, changes and writes while no other process does; null removes the file, and what was given back as it came is
   * not written. What `change` throws goes through and nothing is written. Throws StateLocked when another process holds the file too long.
   */
  async update<N extends T | null>(change: (current: T | null) => N | Promise<N>): Promise<N> {
    return this.exclusively(async (held) => {
      const current = await this.readOrSetAside();
      const next = await change(current);
      if (next === current) return next;
      const text = next === null ? null : await this.codec.format(next);
      await held.assertHeld();
      await (text === null ? rm(this.path, { force: true }) : writePrivate(this.path, text));
      return next;
    });
  }

  async remove(): Promise<void> {
    await this.update(() => null);
  }

  /** Removes the file at once if it holds that, or nothing that can be understood, and what was set aside of it. */
  async drop(isIt: (current: T) => boolean): Promise<void> {
    await rm(`${this.path}.broken`, { force: true });
    const text = await readPrivate(this.path);
    if (text === null) return;
    const current = await this.understand(text);
    if (current === null || isIt(current)) await rm(this.path, { force: true });
  }

  private exclusively<R>(work: (held: HeldLock) => Promise<R>): Promise<R> {
    return withFileLock(`${this.path}.lock`, work, this.lock);
  }

  private async readOrSetAside(): Promise<T | null> {
    const text = await readPrivate(this.path);
    if (text === null) return null;
    const value = await this.understand(text);
    if (value === null) await setAside(this.path);
    return value;
  }

  private async understand(text: string): Promise<T | null> {
    try {
      return await this.codec.parse(text);
    } catch {
      return null;
    }
  }
}

async function setAside(path: string): Promise<void> {
  try {
    await rename(path, `${path}.broken`);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
