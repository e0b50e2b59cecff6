import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { Refused } from './refused.js';

/**
 * Writes a file of secrets that its owner alone reads: all of it or nothing. Throws a sentence when it is there, unless
 * it may be overwritten.
 */
export function writeSecretFile(file: string, text: string, { overwrite = false } = {}): void {
  const fresh = `${file}.${randomBytes(6).toString('hex')}.new`;
  try {
    const handle = openSync(fresh, 'wx', 0o600);
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    // A link fails where there is something, also what came between; a rename takes its place.
    if (overwrite) renameSync(fresh, file);
    else linkSync(fresh, file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Refused(
      code === 'EEXIST' ? `${file} is there already.` : `${file} cannot be written: ${message}.`,
    );
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Throws a sentence when it is there, or cannot be made. */
export function mustBeFree(file: string): void {
  if (existsSync(file)) throw new Refused(`${file} is there already.`);
  mustBeWritable(file);
}

/** Throws a sentence unless it can be written. Asked before something is done whose result would have nowhere to go. */
export function mustBeWritable(file: string): void {
  const probe = `${file}.${randomBytes(6).toString('hex')}.new`;
  try {
    closeSync(openSync(probe, 'wx', 0o600));
  } catch (error) {
    throw new Refused(`${file} cannot be written: ${(error as Error).message}.`);
  } finally {
    rmSync(probe, { force: true });
  }
}
