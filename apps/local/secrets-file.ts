import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Reads KEY=value lines; blank ones and those that begin with # say nothing. */
export function parseSecrets(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Z][A-Z0-9_]*=/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/**
 * The secrets kept in `file`. `generate` is asked on the first start and whenever `version` differs from the one the
 * file was written for, for a newer product may need more of them; those that exist never change.
 */
export async function keepSecrets(
  file: string,
  version: string,
  generate: () => Promise<Record<string, string>>,
): Promise<Record<string, string>> {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const kept = parseSecrets(text);
  const mark = `# for ${version}`;
  if (text.includes(mark)) return kept;
  const secrets = { ...(await generate()), ...kept };
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}`);
  writePrivately(
    file,
    [`# Made for this clone only, by npm start. Not for any real use.`, mark, ...lines, ''].join('\n'),
  );
  return secrets;
}

/** A password for each name, made once. */
export function keepPasswords<Name extends string>(
  file: string,
  names: readonly Name[],
): Record<Name, string> {
  const kept: Partial<Record<Name, string>> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const passwords = Object.fromEntries(
    names.map((name) => [name, kept[name] ?? randomBytes(24).toString('hex')]),
  ) as Record<Name, string>;
  if (names.some((name) => kept[name] === undefined)) writePrivately(file, JSON.stringify(passwords));
  return passwords;
}

/** Whole or not at all, and for our eyes only. */
export function writePrivately(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}.new`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, file);
}
