import { readFileSync } from 'node:fs';
import type { Environment } from './config.js';

const FILE_SUFFIX = '_FILE';
/** Larger than any key or certificate; a wrong path to a log must not fill the memory. */
const MAX_FILE_BYTES = 64 * 1024;

/**
 * The one place that reads the process environment. NAME_FILE stands for NAME with the file's text, without
 * its last line break, so that secrets can be mounted instead of exported.
 */
export function readEnvironment(variables: Record<string, string | undefined> = process.env): Environment {
  return {
    get(name) {
      const path = variables[name + FILE_SUFFIX];
      if (!path) return variables[name];
      if (variables[name]) throw new Error(`${name}: both it and ${name}${FILE_SUFFIX} are set; keep one.`);
      return readSecretFile(name, path);
    },
    names: () =>
      Object.keys(variables).map((name) =>
        name.endsWith(FILE_SUFFIX) ? name.slice(0, -FILE_SUFFIX.length) : name,
      ),
  };
}

function readSecretFile(name: string, path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > MAX_FILE_BYTES) throw new Error(`it is larger than ${MAX_FILE_BYTES} bytes`);
    return bytes.toString('utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new Error(`${name}${FILE_SUFFIX}: the file ${path} cannot be read (${(error as Error).message}).`);
  }
}
