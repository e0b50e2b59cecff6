import { globSync, readFileSync } from 'node:fs';
import { STATUS_OF_KIND } from '#platform';

/** A code as a page or a source names it. */
export interface NamedCode {
  code: string;
  kind: string;
  /** Where: file and line. */
  at: string;
}

/** A kind and, next to it, a code: `new DomainError('conflict', 'SEATS_EXHAUSTED', ...)` and whatever else is made of both. */
const PAIR = /'([a-z_]+)',\s*'([A-Z][A-Z0-9_]+)'/g;
/** The codes that a route declares: `refusals: { conflict: ['SEATS_EXHAUSTED'] }`. */
const DECLARED = /\b([a-z_]+): \[([^\]]*)\]/g;
/** A list of codes that several routes share, in one file or in several: `export const BLOCKED = ['LICENSE_SUSPENDED', ...]`. */
const SHARED = /(export )?const ([A-Z_]+) = \[([^\]]*)\]/g;

export interface Source {
  file: string;
  text: string;
}

/** Every code that the sources refuse with, or say that they do. */
export function codesIn(sources: readonly Source[]): NamedCode[] {
  const exported = sources.flatMap(({ text }) => sharedIn(text).filter((one) => one.exported));
  return sources.flatMap(({ file, text }) => {
    const shared = new Map([...exported, ...sharedIn(text)].map(({ name, codes }) => [name, codes]));
    const at = (index: number) => `${file}:${text.slice(0, index).split('\n').length}`;
    const pairs = [...text.matchAll(PAIR)].map(({ 1: kind, 2: code, index }) => ({
      kind: kind!,
      code: code!,
      at: at(index),
    }));
    const declared = [...text.matchAll(DECLARED)].flatMap(({ 1: kind, 2: list, index }) => {
      const spread = [...list!.matchAll(/\.\.\.([A-Z_]+)/g)].flatMap(([, name]) => shared.get(name!) ?? []);
      return [...quoted(list!), ...spread].map((code) => ({ kind: kind!, code, at: at(index) }));
    });
    return [...pairs, ...declared].filter(({ kind }) => kind in STATUS_OF_KIND);
  });
}

function sharedIn(text: string): { exported: boolean; name: string; codes: string[] }[] {
  return [...text.matchAll(SHARED)].map(([, exported, name, codes]) => ({
    exported: exported !== undefined,
    name: name!,
    codes: quoted(codes!),
  }));
}

/** Places that make a DomainError of something else than two literals; each has to be looked at once. */
export function unnamedIn(text: string, file: string): string[] {
  const made = [...text.matchAll(/new DomainError\((?!\s*'[a-z_]+',\s*'[A-Z])[^)]*\)/g)];
  return made.map(([words]) => `${file}: ${words}`);
}

/** The sources of the product, without its tests. */
export function productSources(): Source[] {
  return globSync(['libs/*/src/**/*.ts', 'apps/{api,worker,cli}/**/*.ts'])
    .filter((file) => !/\.(spec|contract)\.ts$/.test(file))
    .sort()
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }));
}

const quoted = (list: string) => [...list.matchAll(/'([A-Z][A-Z0-9_]+)'/g)].map(([, code]) => code!);
