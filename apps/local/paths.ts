import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone: the nearest directory above that holds package.json, from the source tree and from dist alike. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)));

/** Everything the local parts keep between runs. */
export const stateDirectory = join(root, '.gatehouse');

export const runtimeFile = join(stateDirectory, 'runtime.json');

/** The environment of the running product, for `npm run admin`; with its secrets, so its owner's alone. */
export const environmentFile = join(stateDirectory, 'environment.json');

/** The built file of a program, e.g. `program('apps/api/main.js')`. */
export function program(path: string): string {
  return join(root, 'dist', path);
}

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('package.json not found above apps/local');
  return findRoot(parent);
}
