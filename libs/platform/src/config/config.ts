import { z } from 'zod';
import { isMadeUp } from './made-up.js';

/** One setting: its name in the environment, what it accepts, and a line for .env.example. */
export interface Setting<T extends z.ZodType = z.ZodType> {
  name: string;
  schema: T;
  doc: string;
  secret: boolean;
}

type Settings = Record<string, Setting>;
type Values<S extends Settings> = { readonly [K in keyof S]: z.output<S[K]['schema']> };
type Rules<S extends Settings> = (values: Values<S>, env: Env) => string[];

/** A class that Nest can inject, whose instances hold a concern's parsed settings. */
export interface ConfigClass {
  new (): object;
  readonly concern: string;
  readonly settings: Settings;
  rules(values: object, env: Env): string[];
}

interface TypedConfigClass<S extends Settings> {
  new (): Values<S>;
  readonly concern: string;
  readonly settings: S;
  rules(values: object, env: Env): string[];
}

export const ENVIRONMENTS = ['local', 'test', 'staging', 'production'] as const;
export type Env = (typeof ENVIRONMENTS)[number];

const known = new Map<string, Setting>();

export function setting<T extends z.ZodType>(name: string, schema: T, doc: string): Setting<T> {
  return { name, schema, doc, secret: false };
}

/** Like {@link setting}, for what must never reach a log; also read from the file that NAME_FILE names. */
export function secret<T extends z.ZodType>(name: string, schema: T, doc: string): Setting<T> {
  return { name, schema, doc, secret: true };
}

/**
 * Declares the settings of one concern. The result is a class: list it in `loadConfig` and inject it by type.
 * `rules` returns a sentence for each combination that must not start.
 */
export function configOf<S extends Settings>(
  concern: string,
  settings: S,
  rules: Rules<S> = () => [],
): TypedConfigClass<S> {
  for (const one of Object.values(settings)) known.set(one.name, one);
  const Concern = class {
    static readonly concern = concern;
    static readonly settings = settings;
    static readonly rules = rules;
  };
  return Concern as unknown as TypedConfigClass<S>;
}

/** Every setting declared so far, by name, in order of declaration. */
export function knownSettings(): readonly Setting[] {
  return [...known.values()];
}

/** Thrown once with every fault of the environment, one sentence each. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** The parsed settings of a process, by concern. */
export class ConfigValues extends Map<ConfigClass, object> {
  /** The settings of one concern. Throws when it was not loaded. */
  of<C extends ConfigClass>(Concern: C): InstanceType<C> {
    const values = this.get(Concern);
    if (!values) throw new Error(`The settings of ${Concern.concern} were not loaded.`);
    return values as InstanceType<C>;
  }
}

/**
 * Parses every concern from `environment` and collects all faults before it throws.
 *
 * @throws ConfigError with one sentence a fault: wrong values, unknown names, refused combinations.
 */
export function loadConfig(concerns: readonly ConfigClass[], environment: Environment): ConfigValues {
  const faults = unknownNames(concerns, environment);
  const env = parseEnv(environment, faults);
  const values = new ConfigValues();

  for (const Concern of concerns) {
    const before = faults.length;
    const instance = new Concern() as Record<string, unknown>;
    for (const [key, one] of Object.entries(Concern.settings)) {
      instance[key] = parseSetting(one, environment, faults);
    }
    if (faults.length === before) faults.push(...Concern.rules(instance, env));
    values.set(Concern, Object.freeze(instance));
  }

  // Concerns may share a setting; its fault is told once.
  if (faults.length > 0) throw new ConfigError([...new Set(faults)]);
  return values;
}

/** The variables of a process; see environment.ts. */
export interface Environment {
  /** The value of `name`, or the text of the file that `name`_FILE names. Throws when that cannot be read. */
  get(name: string): string | undefined;
  /** Every name that is set, `_FILE` taken off. */
  names(): Iterable<string>;
}

/** Which guards are on; read by every process, before anything else. */
export const ENV_SETTING = setting(
  'ENV',
  z.enum(ENVIRONMENTS, { error: `must be one of ${ENVIRONMENTS.join(', ')}` }),
  'Which guards are on: local, test, staging or production.',
);

/** With no environment that can be used every guard is on: what it refuses is told at the same time. */
const parseEnv = (environment: Environment, faults: string[]): Env =>
  (parseSetting(ENV_SETTING, environment, faults) as Env | undefined) ?? 'production';

function parseSetting(one: Setting, environment: Environment, faults: string[]): unknown {
  let raw: string | undefined;
  try {
    raw = environment.get(one.name);
  } catch (error) {
    faults.push((error as Error).message);
    return undefined;
  }
  // An empty variable is what compose files make of an unset one.
  const parsed = one.schema.safeParse(raw === '' ? undefined : raw);
  if (parsed.success) return parsed.data;
  if (raw === undefined || raw === '') {
    faults.push(`${one.name}: it is needed and not set. ${one.doc}`);
  } else {
    for (const issue of parsed.error.issues) faults.push(`${one.name}: ${issue.message}. ${one.doc}`);
  }
  return undefined;
}

/** Names that begin so are ours: a typo in one (REDIS_SEAT_URL) must not pass as a default silently taken. */
const FAMILIES = new Set([
  'DATABASE',
  'REDIS',
  'AUTH',
  'AUTH0',
  'MAIL',
  'SMTP',
  'RESEND',
  'STRIPE',
  'BILLING',
  'FIREBASE',
  'SEAT',
  'LICENSE',
  'ALLOWED',
  'LIMIT',
  'IDEMPOTENCY',
  'TENANCY',
]);
/** What Kubernetes puts into every pod for a service named like one of our families. */
const KUBERNETES_LINK = /_SERVICE_HOST$|_SERVICE_PORT(_|$)|_PORT(_|$)/;

/** Only in the families that this process reads: an environment is shared with processes that read others. */
function unknownNames(concerns: readonly ConfigClass[], environment: Environment): string[] {
  const names = concerns.flatMap((Concern) => Object.values(Concern.settings).map((one) => one.name));
  const families = new Set(names.map(familyOf).filter((family) => FAMILIES.has(family)));
  return [...environment.names()]
    .filter((name) => name.includes('_') && families.has(familyOf(name)))
    .filter((name) => !known.has(name) && !KUBERNETES_LINK.test(name))
    .map((name) => `${name}: no such setting${closest(name)}`);
}

const familyOf = (name: string) => name.split('_', 1)[0] ?? name;

function closest(name: string): string {
  const near = [...known.keys()].find(
    (other) =>
      familyOf(other) === familyOf(name) &&
      (other.includes(name) || name.includes(other) || distance(other, name) <= 2),
  );
  return near ? `; did you mean ${near}?` : '.';
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

export const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default(fallback ? 'true' : 'false')
    .transform((value) => value === 'true');

export const whole = (min: number, max: number) =>
  z.coerce
    .number({ error: 'must be a number' })
    .int('must be a whole number')
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`);

export const list = () =>
  z.string().transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  );

/** 32 random bytes, base64. One that was made up is an example that somebody forgot to replace. */
export const key32 = () =>
  z
    .string()
    .transform((value) => Buffer.from(value, 'base64'))
    .refine((bytes) => bytes.length === 32, 'must be 32 bytes in base64')
    .refine(
      (bytes) => bytes.length !== 32 || !isMadeUp(bytes),
      'must be random; make one with `gatehouse-admin secrets generate`',
    );
