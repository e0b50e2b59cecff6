import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DIRECTORY = join(process.cwd(), 'migrations');
const LANDED = join(process.cwd(), 'test/architecture/landed-migrations.json');

const hashOf = (file: string) =>
  createHash('sha256')
    .update(readFileSync(join(DIRECTORY, file)))
    .digest('hex');
const files = readdirSync(DIRECTORY)
  .filter((file) => /^\d/.test(file))
  .sort();
const noted = () => JSON.parse(readFileSync(LANDED, 'utf8')) as Record<string, string>;

/**
 * A migration is applied by its name, once: what is changed in one that has landed never comes to whoever has run it. What
 * is to be otherwise is said by another one. GATEHOUSE_WRITE=1 notes those that are new, and changes none.
 */
describe('migrations that have landed', () => {
  beforeAll(() => {
    if (process.env.GATEHOUSE_WRITE !== '1') return;
    const all = { ...Object.fromEntries(files.map((file) => [file, hashOf(file)])), ...noted() };
    const lines = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
    writeFileSync(LANDED, `${JSON.stringify(lines, null, 2)}\n`);
  });

  it('are as they were, byte for byte, and all still there', () => {
    const landed = noted();
    const now = Object.fromEntries(
      Object.keys(landed).map((file) => [file, files.includes(file) ? hashOf(file) : 'gone']),
    );
    expect(now).toEqual(landed);
  });

  it('are each noted', () => {
    const landed = noted();
    expect(files.filter((file) => !(file in landed))).toEqual([]);
  });
});
