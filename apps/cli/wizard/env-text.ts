import { parseEnv } from 'node:util';
import { Refused } from '../refused.js';

/** The text of a file that `node --env-file` and compose read. Throws a sentence for a value that fits on no line. */
export function envText(values: ReadonlyMap<string, string>): string {
  return [...values].map(([name, value]) => `${name}=${quoted(name, value)}\n`).join('');
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
