import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** plans.yaml with a change, as a file that ends with the test run. Gives its path. */
export function plansFile(change: (text: string) => string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'gatehouse-plans-')), 'plans.yaml');
  const text = readFileSync('plans.yaml', 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error('plans.yaml has nothing of what was to be changed.');
  writeFileSync(file, changed);
  return file;
}
