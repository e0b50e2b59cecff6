import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const IMPORT = /(?:import|export)\s[^;]*?from\s+'([^']+)'/g;

/** Every specifier that a module reaches, with types left out by the compiler or not. */
function reached(file: string, seen = new Map<string, string[]>()): Map<string, string[]> {
  if (seen.has(file)) return seen;
  const found = [...readFileSync(file, 'utf8').matchAll(IMPORT)].map((match) => match[1]!);
  seen.set(file, found);
  for (const one of found.filter((specifier) => specifier.startsWith('.'))) {
    reached(fileURLToPath(new URL(one.replace(/\.js$/, '.ts'), `file://${file}`)), seen);
  }
  return seen;
}

const of = (entry: string) => {
  const modules = reached(fileURLToPath(new URL(entry, import.meta.url)));
  return { files: modules.size, outside: [...modules.values()].flat().filter((one) => !one.startsWith('.')) };
};

describe('the builds of the client', () => {
  it('for browsers reaches nothing outside itself', () => {
    const { files, outside } = of('./browser.ts');
    expect(files).toBeGreaterThan(10);
    expect(outside).toEqual([]);
  });

  it('for Node reaches nothing but Node', () => {
    const { outside } = of('./index.ts');
    expect(outside.length).toBeGreaterThan(0);
    expect(outside.filter((one) => !one.startsWith('node:'))).toEqual([]);
  });
});
