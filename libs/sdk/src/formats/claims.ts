import { InvalidDocument } from './invalid-document.js';

/** A JSON object from outside. Its members are read by these functions only, which refuse what is missing or odd. */
export type Claims = Readonly<Record<string, unknown>>;

// eslint-disable-next-line security/detect-unsafe-regex -- the text is bounded by INSTANT_LENGTH first
const INSTANT = /^[\d-]{10}T[\d:]{8}(?:\.\d+)?Z$/;
/** Nanoseconds and the Z. */
const INSTANT_LENGTH = 30;
const MAX_TEXT = 256;

/** Present and not null. */
export const has = (claims: Claims, name: string): boolean =>
  Object.hasOwn(claims, name) && claims[name] != null;

/** The object that a text of JSON is; a list, a number or null is refused. */
export function parseObject(json: string, what: string): Claims {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new InvalidDocument('MALFORMED', `The ${what} is not JSON.`);
  }
  return asObject(value, what);
}

export function asObject(value: unknown, what: string): Claims {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claims;
  throw new InvalidDocument('MALFORMED', `The ${what} is not a JSON object.`);
}

export function readText(claims: Claims, name: string, max = MAX_TEXT): string {
  const value = own(claims, name);
  // isWellFormed: a lone surrogate has no bytes that could have been signed.
  if (typeof value !== 'string' || value === '' || value.length > max || !value.isWellFormed()) {
    throw bad(name, `a text of 1 to ${max} characters`);
  }
  return value;
}

export function readMatch(claims: Claims, name: string, form: RegExp, what: string): string {
  const value = own(claims, name);
  if (typeof value !== 'string' || value.length > MAX_TEXT || !form.test(value)) throw bad(name, what);
  return value;
}

export function readOneOf<T extends string>(claims: Claims, name: string, allowed: readonly T[]): T {
  const value = own(claims, name);
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw bad(name, `one of ${allowed.join(', ')}`);
  return found;
}

export function readFlag(claims: Claims, name: string): boolean {
  const value = own(claims, name);
  if (typeof value !== 'boolean') throw bad(name, 'true or false');
  return value;
}

/** A whole number from 0 up. */
export function readCount(claims: Claims, name: string): number {
  const value = own(claims, name);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw bad(name, 'a whole number from 0 up');
  return value;
}

/** A whole number, also a negative one: an amount of money in its smallest unit. */
export function readAmount(claims: Claims, name: string): number {
  const value = own(claims, name);
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw bad(name, 'a whole number');
  return value;
}

export function readNumber(claims: Claims, name: string): number {
  const value = own(claims, name);
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw bad(name, 'a number from 0 up');
  return value;
}

/** An instant in ISO 8601, UTC, as epoch milliseconds; what is finer is cut off. */
export function readInstant(claims: Claims, name: string): number {
  const value = own(claims, name);
  const at =
    typeof value === 'string' && value.length <= INSTANT_LENGTH && INSTANT.test(value)
      ? Date.parse(value)
      : Number.NaN;
  // Engines roll the 30th of February over into March; such a text is nobody's clock.
  if (Number.isNaN(at) || toInstant(at).slice(0, 19) !== String(value).slice(0, 19)) {
    throw bad(name, 'an instant in ISO 8601, UTC');
  }
  return at;
}

export function readList<T>(claims: Claims, name: string, max: number, read: (item: unknown) => T): T[] {
  const value = own(claims, name);
  if (!Array.isArray(value) || value.length > max) throw bad(name, `a list of at most ${max}`);
  return value.map(read);
}

export const readTexts = (claims: Claims, name: string, max: number, maxLength = MAX_TEXT): string[] =>
  readList(claims, name, max, (item) => readText({ [name]: item }, name, maxLength));

/** Such as entitlements and scopes. */
export const readNames = (claims: Claims, name: string) => readTexts(claims, name, 256, 128);

/** A member that has to be there but may be null, as in `"remaining": null` for unlimited. */
export function readNullable<T>(
  claims: Claims,
  name: string,
  read: (claims: Claims, name: string) => T,
): T | null {
  if (!Object.hasOwn(claims, name)) throw bad(name, 'there');
  return claims[name] === null ? null : read(claims, name);
}

/** A member that may be left out. */
export function readOptional<T>(
  claims: Claims,
  name: string,
  read: (claims: Claims, name: string) => T,
): T | undefined {
  return has(claims, name) ? read(claims, name) : undefined;
}

/** Epoch milliseconds as ISO 8601, UTC. */
export const toInstant = (ms: number): string => new Date(ms).toISOString();

export const bad = (name: string, what: string) =>
  new InvalidDocument('BAD_CLAIM', `${name} must be ${what}.`);

// JSON.parse makes "__proto__" an own member, and nothing here is found on a prototype.
const own = (claims: Claims, name: string): unknown =>
  Object.hasOwn(claims, name) ? claims[name] : undefined;
