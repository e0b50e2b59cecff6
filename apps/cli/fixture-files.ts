import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Fixture, FIXTURE_MAX_BYTES, lintFixtures, type Linted, pinnedVersion } from '#billing';
import { readNamed, Refused } from './refused.js';
import { say } from './say.js';

/** More than there are types of events. */
const FILES_MAX = 1_000;
/** What is too long for a fixture is read all the same: the linter says so. */
const READ_MAX = 16 * FIXTURE_MAX_BYTES;
/** More of one file than these are counted, not listed. */
const LISTED = 20;

/** Recorded webhooks: one file, or the .json files of a folder by name. Throws a sentence when there are none to read. */
export function readFixtures(path: string): Fixture[] {
  const files = filesOf(path);
  if (files.length === 0) throw new Refused(`There is no .json file in ${path}.`);
  if (files.length > FILES_MAX) throw new Refused(`${path} has more than ${FILES_MAX} files.`);
  return files.map((file) => ({ file, text: readNamed(file, READ_MAX) }));
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => name.endsWith('.json'));
    return names.sort().map((name) => join(path, name));
  } catch (error) {
    throw new Refused(`${path} cannot be read: ${(error as Error).message}.`);
  }
}

/** Says what is wrong with them, a line each with file and place. Throws a sentence when something is. */
export async function mustBeSound(fixtures: readonly Fixture[]): Promise<(Linted & Fixture)[]> {
  const linted = lintFixtures(fixtures, await pinnedVersion());
  const faulty = linted.filter((one) => one.complaints.length > 0);
  for (const { file, complaints } of faulty) {
    for (const { path, message } of complaints.slice(0, LISTED))
      say(`${file}: ${path ? `${path}: ` : ''}${message}`);
    if (complaints.length > LISTED) say(`${file}: and ${complaints.length - LISTED} more`);
  }
  const count = faulty.reduce((sum, one) => sum + one.complaints.length, 0);
  if (count > 0) {
    const complaints = count === 1 ? '1 complaint' : `${count} complaints`;
    throw new Refused(`${complaints} about ${faulty.length} of ${fixtures.length} fixtures.`);
  }
  return linted.map((one, at) => ({ ...one, text: fixtures[at]!.text }));
}
