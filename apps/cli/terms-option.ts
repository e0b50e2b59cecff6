import type { Command } from 'commander';
import { parse } from 'yaml';
import { TERM_NAMES, TermsPatch } from '#licensing';
import { inSentences, readNamed, Refused } from './refused.js';

export interface TermsOptions {
  terms?: string;
  set?: string[];
}

/** Terms are a page at most. */
const FILE_MAX = 64 * 1024;

/** Adds `--terms FILE` and `--set NAME=VALUE`: what a plan says in plans.yaml, for something else. */
export function withTerms(command: Command): Command {
  return command
    .option('--terms <file>', 'what to say, as YAML or JSON in the words of plans.yaml')
    .option(
      '--set <name=value>',
      'one of it: seats=10, heartbeatMode=strict, flags.cloud_sync=false, addEntitlements=a:b,c:d; repeatable',
      (one: string, before: string[] = []) => [...before, one],
    );
}

/** The terms that the options say, checked. Throws a sentence. */
export function termsOf({ terms: file, set = [] }: TermsOptions): TermsPatch {
  const said: Record<string, unknown> = file === undefined ? {} : fromFile(file);
  for (const one of set) put(said, one);
  return TermsPatch.parse(said);
}

function fromFile(file: string): Record<string, unknown> {
  const said: unknown = yaml(readNamed(file, FILE_MAX));
  if (said && typeof said === 'object' && !Array.isArray(said)) return said as Record<string, unknown>;
  throw new Refused(`${file} holds no terms, like seats: 10.`);
}

const yaml = (text: string): unknown => inSentences(() => parse(text, { maxAliasCount: 0 }));

/** `meters.commands.limit=100` becomes { meters: { commands: { limit: 100 } } }. */
function put(said: Record<string, unknown>, one: string): void {
  const [, name = '', text = ''] = /^([^=]+)=(.*)$/s.exec(one) ?? [];
  const path = name.split('.');
  const known: readonly string[] = TERM_NAMES;
  if (!known.includes(path[0]!)) {
    throw new Refused(`--set ${one}: there is no ${path[0] || 'name'}; there are ${known.join(', ')}.`);
  }
  let place = said;
  for (const step of path.slice(0, -1)) {
    const next = Object.hasOwn(place, step) ? place[step] : {};
    place[step] = next && typeof next === 'object' ? next : {};
    place = place[step] as Record<string, unknown>;
  }
  if (text === '' && !isList(name))
    throw new Refused(`--set ${one}: a value is missing; null means unlimited.`);
  place[path.at(-1)!] = valueOf(path[0]!, text);
}

function valueOf(name: string, text: string): unknown {
  if (!isList(name) || text.startsWith('[')) return yaml(text);
  return text === '' ? [] : text.split(',').map((one) => one.trim());
}

const isList = (name: string) => /entitlements$/i.test(name);
