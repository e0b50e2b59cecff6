import { isDeepStrictEqual, parseEnv } from 'node:util';
import { Refused } from '../refused.js';

/** The text of a file that `node --env-file` and compose read. Throws a sentence for a value that fits on no line. */
export function envText(values: ReadonlyMap<string, string>): string {
  return [...values].map(([name, value]) => `${name}=${quoted(name, value)}\n`).join('');
}

/** The setting that a line says; a comment or a blank line says none. */
const nameIn = (line: string): string | undefined => line.split('=', 1)[0]!.trim().split(/\s+/).at(-1);

/**
 * Such a file with those settings: what it says of them is replaced, and everything else stays as it is written. Throws a
 * sentence when that cannot be done line by line.
 */
export function envWith(text: string, settings: ReadonlyMap<string, string>): string {
  const wanted = new Map([...envValues(text), ...settings]);
  const lines = text.split('\n');
  // What follows the last line end is no line.
  if (lines.at(-1) === '') lines.pop();
  for (const [name, value] of settings) {
    const there = lines.findIndex((line) => !line.startsWith('#') && nameIn(line) === name);
    lines.splice(there < 0 ? lines.length : there, there < 0 ? 0 : 1, `${name}=${quoted(name, value)}`);
  }
  const changed = `${lines.join('\n')}\n`;
  // A setting may stand there twice, or within the lines of another.
  if (!isDeepStrictEqual(envValues(changed), wanted))
    throw new Refused(`${[...settings.keys()].join(' and ')} cannot be changed there line by line.`);
  return changed;
}

/** In quotes in which nothing of it means anything. */
function quoted(name: string, value: string): string {
  const quote = ["'", '`', '"'].find((one) => !value.includes(one));
  if (!quote || /[\r\n]/.test(value) || (quote === '"' && value.includes('\\')))
    throw new Refused(`${name} fits on no line; put it into a file and set ${name}_FILE.`);
  return `${quote}${value}${quote}`;
}

/** What stands in such a file. */
export const envValues = (text: string): Map<string, string> =>
  new Map(
    Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
