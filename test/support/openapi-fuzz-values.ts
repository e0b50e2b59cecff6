import fc from 'fast-check';
import type { Json } from './openapi-fuzz-schema.js';

/** Text that breaks programs: terminators, halves of characters, names of every object, other languages' code. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    'a\udfff',
    '\ufeff',
    '\u202e',
    '%00',
    '%s%n',
    '../../etc/passwd',
    "'; drop table tenancy.tenants; --",
    '{{7*7}}',
    '${7*7}',
    '<script>alert(1)</script>',
    '__proto__',
    'constructor',
    'toString',
    'null',
    'undefined',
    'NaN',
    '-1',
    '1e309',
    'true',
    '\r\nset-cookie: a=b',
    'a'.repeat(70_000),
  ),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    maxLength: 60,
  }),
);

/** Numbers at and beyond the edges, as JSON text: JSON.stringify would make some of them null. */
const RAW_NUMBERS = [
  '-1',
  '0',
  '-0',
  '1.5',
  '9007199254740993',
  '-9007199254740993',
  '1e308',
  '1e999',
  '-1e999',
  '1e-400',
];

/** A JSON text of a value that nobody expects. */
export const hostileJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: hostileText.map((text) => JSON.stringify(text)) },
  { weight: 2, arbitrary: fc.constantFrom(...RAW_NUMBERS) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'null',
      'true',
      '[]',
      '{}',
      '[[]]',
      '{"$gt":""}',
      '{"length":1e9}',
      '{"toString":1}',
      '{"\\u0000":1}',
      '{"\\ud800":1}',
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
);

/** Takes the place of a value in a body until the text of that body is made. */
const MARK = '@@value@@';

/** The text of `body` with the JSON text `value` at `path`. */
export function withValueAt(body: unknown, path: readonly (string | number)[], value: string): string {
  if (path.length === 0) return value;
  const copy = structuredClone(body) as Json;
  const holder = path.slice(0, -1).reduce<Json>((at, key) => at[key], copy);
  holder[path.at(-1)!] = MARK;
  return JSON.stringify(copy).replace(JSON.stringify(MARK), () => value);
}

/** The text of the object at `path` with one key more; any name, `__proto__` too. */
export function withKeyAt(
  body: unknown,
  path: readonly (string | number)[],
  key: string,
  value: string,
): string {
  const object = path.reduce<Json>((at, one) => at[one], body as Json);
  const fields = JSON.stringify(object).slice(1, -1);
  return withValueAt(body, path, `{${JSON.stringify(key)}:${value}${fields ? `,${fields}` : ''}}`);
}

/** Every place in a value: the root, each field, each element. */
export function placesOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  const children = Array.isArray(value)
    ? value.map((child, index) => [index, child] as const)
    : typeof value === 'object' && value !== null
      ? Object.entries(value)
      : [];
  return [path, ...children.flatMap(([key, child]) => placesOf(child, [...path, key]))];
}

/** Whether a JSON text holds a string, as key or value, that no database takes: NUL, or half a character. */
export function isUnstorable(json: string): boolean {
  const isBad = (text: string) => text.includes('\0') || !text.isWellFormed();
  const visit = (value: unknown): boolean => {
    if (typeof value === 'string') return isBad(value);
    if (typeof value !== 'object' || value === null) return false;
    return Object.entries(value).some(([key, child]) => isBad(key) || visit(child));
  };
  return visit(JSON.parse(json));
}

/** No day of any calendar, in the forms that JavaScript and PostgreSQL print; and one that is, for company. */
const hostileTime = fc.constantFrom(
  '2026-01-01 00:00:00+00',
  '2026-02-30 10:15:30.123456+00',
  '2025-02-29 00:00:00+00',
  '2026-04-31 00:00:00+00',
  '2026-02-31 00:00:00+00',
  '0000-00-00 00:00:00',
  '9999-12-31 23:59:60+00',
  '99999-01-01 00:00:00',
  '2026-01-01 00:00:00+99',
  '1e309',
  '0000000000',
  '0000-01-01T00:00:00.000000Z',
  '2026-02-31T00:00:00.000000Z',
  '2026-01-01T00:00:00+24:00',
  '+275760-09-13T00:00:00.001Z',
  'infinity',
);

/** A cursor that another hand wrote: the form is guessed right, what is in it is not. */
export const hostileCursor: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 1, arbitrary: hostileJson },
    {
      weight: 3,
      arbitrary: fc
        .tuple(hostileTime, fc.constantFrom('', 'x', '\0', '\ud800'))
        .map((pair) => JSON.stringify(pair)),
    },
    { weight: 1, arbitrary: fc.tuple(hostileText, hostileText).map((pair) => JSON.stringify(pair)) },
    {
      weight: 1,
      arbitrary: fc.tuple(hostileTime, hostileText, hostileJson).map((three) => JSON.stringify(three)),
    },
  )
  .map((json) => Buffer.from(json.slice(0, 2_000)).toString('base64url'));
