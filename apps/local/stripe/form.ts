import { z } from 'zod';
import { invalidRequest } from './errors.js';
import type { StripeRefusal } from './errors.js';

/** What a form says, before anybody checks it: text at the leaves. */
export type Raw = string | Raw[] | { [name: string]: Raw };

const DEEPEST = 8;

/** Reads `items[0][price]=x&metadata[a]=b` as Stripe does. Indexed and empty brackets make arrays. */
export function parseForm(text: string): Record<string, Raw> {
  const root: Record<string, Raw> = Object.create(null) as Record<string, Raw>;
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.split('[').map((part, index) => (index === 0 ? part : part.replace(/\]$/, '')));
    if (path.length <= DEEPEST) put(root, path, value);
  }
  return tidy(root) as Record<string, Raw>;
}

function put(into: Record<string, Raw>, path: string[], value: string): void {
  const [head = '', ...rest] = path;
  const key = head === '' ? String(Object.keys(into).length) : head;
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const next = into[key];
  const inner = (typeof next === 'object' && !Array.isArray(next) ? next : Object.create(null)) as Record<
    string,
    Raw
  >;
  into[key] = inner;
  put(inner, rest, value);
}

/** An object whose names are all numbers was an array. */
function tidy(value: Raw): Raw {
  if (typeof value === 'string') return value;
  const entries = Object.entries(value);
  if (entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name)))
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, inner]) => tidy(inner as Raw));
  return Object.fromEntries(entries.map(([name, inner]) => [name, tidy(inner as Raw)]));
}

/** The values a form can hold, each refused with Stripe's own words. */
export const text = (longest = 5_000) => z.string().min(1, 'empty').max(longest, 'long');
export const integer = () =>
  z.union([z.number().int('integer'), z.string().regex(/^-?\d{1,15}$/, 'integer')]).transform(Number);
export const natural = () => integer().pipe(z.number().min(0, 'integer'));
export const atMost = (most: number) => natural().pipe(z.number().max(most, 'most'));
export const positive = () => integer().pipe(z.number().min(1, 'positive'));
/** Stripe's most: https://docs.stripe.com/api/prices/create#create_price-unit_amount_decimal */
export const DECIMAL_PLACES = 12;
export const decimal = () =>
  z
    .string()
    .regex(/^-?\d[\d.]{0,27}$/, 'decimal')
    .refine((text) => Number.isFinite(Number(text)), 'decimal')
    .refine((text) => (text.split('.')[1] ?? '').length <= DECIMAL_PLACES, 'decimal');
export const flag = () =>
  z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]);
export const oneOf = <const T extends readonly [string, ...string[]]>(...words: T) => z.enum(words);
/** '' unsets: it reads as null. */
export const unset = <T extends z.ZodType>(schema: T) =>
  z.union([z.literal('').transform(() => null), z.null(), schema]);
export const many = <T extends z.ZodType>(schema: T) => z.array(schema);
export const metadata = () => unset(z.record(z.string().max(40, 'key'), z.string().max(500, 'long')));
export const part = <S extends z.ZodRawShape>(shape: S) => z.strictObject(shape);
export const range = () =>
  z.union([
    integer(),
    part({
      gt: integer().optional(),
      gte: integer().optional(),
      lt: integer().optional(),
      lte: integer().optional(),
    }),
  ]);

const PAGE = {
  limit: integer().pipe(z.number().min(1, 'page').max(100, 'page')).optional(),
  starting_after: text().optional(),
  ending_before: text().optional(),
};

/**
 * The parameters of an endpoint. Their names are checked against the SDK's own parameter type `P`; a name that Stripe
 * has and we do not implement is refused like an unknown one: better than to pretend.
 */
export function paramsOf<P>() {
  return <S extends z.ZodRawShape>(shape: S & Record<Exclude<keyof S, keyof P>, never>) =>
    z.strictObject({ ...(shape as S), expand: many(text()).optional() });
}

/** The same for a list, with its paging. */
export function listParamsOf<P>() {
  return <S extends z.ZodRawShape>(shape: S & Record<Exclude<keyof S, keyof P>, never>) =>
    z.strictObject({ ...(shape as S), ...PAGE, expand: many(text()).optional() });
}

/** Throws Stripe's refusal for the first fault. */
export function check<T extends z.ZodType>(schema: T, raw: unknown): z.output<T> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  throw refusalFor(worst(result.error.issues, raw), raw);
}

type Issue = z.core.$ZodIssue;

/** Of a union the complaint of the branch that came furthest is what a person understands. */
function worst(issues: Issue[], raw: unknown): Issue {
  const issue = issues.find((one) => one.code === 'unrecognized_keys') ?? issues[0]!;
  if (issue.code !== 'invalid_union') return issue;
  const branches = issue.errors.flat().filter((one) => one.code !== 'invalid_union' || one.errors.length > 0);
  const value = at(raw, issue.path);
  const fitting = branches.filter(
    (one) => !(one.code === 'invalid_type' && one.path.length === 0) && one.code !== 'invalid_value',
  );
  const inner = fitting[0] ?? branches.at(-1);
  if (!inner || value === undefined) return issue;
  const nested = worst([inner], value);
  return { ...nested, path: [...issue.path, ...nested.path] } as Issue;
}

function refusalFor(issue: Issue, raw: unknown): StripeRefusal {
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => nameOf([...issue.path, key]));
    const word = names.length === 1 ? 'parameter' : 'parameters';
    return invalidRequest(`Received unknown ${word}: ${names.join(', ')}`, names[0], 'parameter_unknown');
  }
  const name = nameOf(issue.path);
  const value = at(raw, issue.path);
  if (value === undefined)
    return invalidRequest(`Missing required param: ${name}.`, name, 'parameter_missing');
  if (value === '')
    return invalidRequest(
      `You passed an empty string for '${name}'. We assume empty values are an attempt to unset a parameter; however '${name}' cannot be unset. You should remove '${name}' from your request or supply a non-empty value.`,
      name,
      'parameter_invalid_empty',
    );
  return wrongValue(issue, name, value);
}

function wrongValue(issue: Issue, name: string, value: unknown): StripeRefusal {
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  if (issue.message === 'integer')
    return invalidRequest(`Invalid integer: ${shown}`, name, 'parameter_invalid_integer');
  if (issue.message === 'positive')
    return invalidRequest(
      'This value must be greater than or equal to 1.',
      name,
      'parameter_invalid_integer',
    );
  if (issue.code === 'too_big' && issue.message === 'most')
    return invalidRequest(
      `This value must be less than or equal to ${String(issue.maximum)}.`,
      name,
      'parameter_invalid_integer',
    );
  if (issue.message === 'page')
    return invalidRequest(
      'This value must be between 1 and 100 (inclusive).',
      name,
      'parameter_invalid_integer',
    );
  if (issue.message === 'decimal') return invalidRequest(`Invalid decimal: ${shown}`, name);
  if (issue.message === 'long')
    return invalidRequest(
      `Invalid string: ${shown.slice(0, 40)}...; is too long`,
      name,
      'parameter_invalid_string',
    );
  if (issue.code === 'invalid_value')
    return invalidRequest(`Invalid ${name}: must be one of ${issue.values.join(', ')}`, name);
  return invalidRequest(`Invalid ${typeof value === 'object' ? 'object' : 'value'} for ${name}`, name);
}

function nameOf(path: readonly PropertyKey[]): string {
  return path.map((one, index) => (index === 0 ? String(one) : `[${String(one)}]`)).join('');
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

/** https://docs.stripe.com/api/metadata: what is given is laid over what was; an empty value removes its key. */
export function mergeMetadata(
  before: Record<string, string>,
  given: Record<string, string> | null | undefined,
): Record<string, string> {
  if (given === undefined) return before;
  if (given === null) return {};
  const merged = Object.entries({ ...before, ...given }).filter(([, value]) => value !== '');
  if (merged.length > 50)
    throw invalidRequest('You can only set up to 50 metadata keys.', 'metadata', 'parameter_invalid_string');
  return Object.fromEntries(merged);
}
