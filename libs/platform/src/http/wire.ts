import { z } from 'zod';
import { toSnake } from './names.js';

export interface WireIssue {
  message: string;
  path?: PropertyKey[];
}

type Json = Record<string, unknown>;

/** Renames the keys of a value in both directions, as its schema says. */
interface Renamer {
  decode(value: unknown, path: PropertyKey[], issues: WireIssue[]): unknown;
  encode(value: unknown): unknown;
}

/**
 * A Zod schema as the world sees it: JSON in snake_case outside, camelCase inside. The only place where names
 * are translated. It is a Standard Schema, so Nest validates with it: `@Body({ schema: wire(Input) })`.
 */
export class Wire<S extends z.ZodType = z.ZodType> {
  private readonly renamer: Renamer;
  readonly '~standard': {
    version: 1;
    vendor: 'gatehouse';
    validate: (value: unknown) => { value: z.output<S> } | { issues: WireIssue[] };
    jsonSchema: { input: () => Json; output: () => Json };
    types?: { input: unknown; output: z.output<S> };
  };

  constructor(readonly schema: S) {
    this.renamer = renamerOf(schema);
    this['~standard'] = {
      version: 1,
      vendor: 'gatehouse',
      validate: (value) => this.decode(value),
      jsonSchema: { input: () => this.jsonSchema('input'), output: () => this.jsonSchema('output') },
    };
  }

  /** Names to camelCase, then the schema. Issues carry paths in snake_case, as the caller wrote them. */
  decode(value: unknown): { value: z.output<S> } | { issues: WireIssue[] } {
    const issues: WireIssue[] = [];
    const renamed = this.renamer.decode(value, [], issues);
    if (issues.length > 0) return { issues };
    const parsed = this.schema.safeParse(renamed);
    if (parsed.success) return { value: parsed.data };
    return {
      issues: parsed.error.issues.map((issue) => ({
        message: issue.message,
        path: issue.path.map((part) => (typeof part === 'string' ? toSnake(part) : part)),
      })),
    };
  }

  /** Names to snake_case. Keys that the schema does not name do not leave. */
  encode(value: unknown): unknown {
    return this.renamer.encode(value);
  }

  /** The JSON Schema of what is sent (`input`) or answered (`output`). */
  jsonSchema(io: 'input' | 'output'): Json {
    const schema = z.toJSONSchema(this.schema, {
      io,
      target: 'openapi-3.0',
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema._zod.def.type === 'date')
          Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      },
    });
    return withNullAmong(renameJsonSchema(schema as Json)) as Json;
  }
}

/** OpenAPI 3.0.3 wants null in the enum of what is nullable, too. */
function withNullAmong(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNullAmong);
  if (schema === null || typeof schema !== 'object') return schema;
  const node = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, withNullAmong(value)]),
  );
  const { nullable, enum: values } = node;
  return nullable === true && Array.isArray(values)
    ? { ...node, enum: [...(values as unknown[]), null] }
    : node;
}

const wires = new WeakMap<z.ZodType, Wire>();

/** The wire form of a schema, made once. */
export function wire<S extends z.ZodType>(schema: S): Wire<S> {
  const made = wires.get(schema) ?? new Wire(schema);
  wires.set(schema, made);
  return made as Wire<S>;
}

function renamerOf(schema: z.core.$ZodType): Renamer {
  const def = (schema as z.ZodType)._zod.def as z.core.$ZodTypes['_zod']['def'];
  switch (def.type) {
    case 'object':
      return objectRenamer([def.shape]);
    case 'array':
      return arrayRenamer(renamerOf(def.element));
    case 'record':
      return recordRenamer(renamerOf(def.valueType));
    case 'union':
      return unionRenamer(def.options);
    case 'pipe': {
      const from = renamerOf(def.in);
      const to = renamerOf(def.out);
      return { decode: from.decode, encode: to.encode };
    }
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'catch':
    case 'nonoptional':
      return renamerOf(def.innerType);
    default:
      return LEAF;
  }
}

/** PostgreSQL takes neither; refused here once, with the place, for every string of every route. */
function refuseUnstorable(value: unknown, path: PropertyKey[], issues: WireIssue[]): void {
  const pending: [unknown, PropertyKey[]][] = [[value, path]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [one, where] = next;
    if (typeof one === 'string') {
      if (one.includes('\0')) issues.push({ message: 'must not contain the character NUL', path: where });
      else if (!one.isWellFormed()) issues.push({ message: 'must be well-formed Unicode', path: where });
    } else if (one && typeof one === 'object') {
      for (const [key, child] of Object.entries(one)) {
        pending.push([key, [...where.slice(0, 8), '(key)']], [child, [...where.slice(0, 8), key]]);
      }
    }
  }
}

const LEAF: Renamer = {
  decode(value, path, issues) {
    refuseUnstorable(value, path, issues);
    return value;
  },
  encode: (value) => value,
};

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

type Shape = Readonly<Record<string, z.core.$ZodType>>;

function objectRenamer(shapes: readonly Shape[]): Renamer {
  const fields = new Map<string, { wireName: string; renamer: Renamer }>();
  for (const shape of shapes) {
    for (const [name, child] of Object.entries(shape)) {
      if (!fields.has(name)) fields.set(name, { wireName: toSnake(name), renamer: renamerOf(child) });
    }
  }
  const byWireName = new Map(
    [...fields].map(([name, field]) => [field.wireName, { name, renamer: field.renamer }]),
  );

  return {
    decode(value, path, issues) {
      if (!isObject(value)) return LEAF.decode(value, path, issues);
      const out: Json = {};
      for (const [key, child] of Object.entries(value)) {
        const field = byWireName.get(key);
        if (field) out[field.name] = field.renamer.decode(child, [...path, key], issues);
        // A camelCase name is not a wire name, and __proto__ would not be a key of `out` but its prototype.
        else if (fields.has(key) || key === '__proto__')
          issues.push({ message: `Unrecognized key: "${key}"`, path });
        else {
          refuseUnstorable(key, path, issues);
          out[key] = null;
        }
      }
      return out;
    },
    encode(value) {
      if (!isObject(value)) return value;
      const out: Json = {};
      for (const [name, field] of fields) {
        const child = value[name];
        if (child !== undefined) out[field.wireName] = field.renamer.encode(child);
      }
      return out;
    },
  };
}

function arrayRenamer(element: Renamer): Renamer {
  return {
    decode: (value, path, issues) =>
      Array.isArray(value)
        ? value.map((one, index) => element.decode(one, [...path, index], issues))
        : LEAF.decode(value, path, issues),
    encode: (value) => (Array.isArray(value) ? value.map((one) => element.encode(one)) : value),
  };
}

/** A record's keys are the caller's own words: they pass as they are. */
function recordRenamer(element: Renamer): Renamer {
  return {
    decode(value, path, issues) {
      if (!isObject(value)) return LEAF.decode(value, path, issues);
      for (const key of Object.keys(value)) refuseUnstorable(key, path, issues);
      return mapValues(value, (one, key) => element.decode(one, [...path, key], issues));
    },
    encode: (value) => (isObject(value) ? mapValues(value, (one) => element.encode(one)) : value),
  };
}

/** Objects of a union are renamed by the fields of all its options; which option it is, the schema decides. */
function unionRenamer(options: readonly z.core.$ZodType[]): Renamer {
  const shapes: Shape[] = [];
  let other: Renamer = LEAF;
  for (const option of options) {
    const def = (option as z.ZodType)._zod.def as z.core.$ZodTypes['_zod']['def'];
    if (def.type === 'object') shapes.push(def.shape);
    else if (other === LEAF) other = renamerOf(option);
  }
  const object = shapes.length > 0 ? objectRenamer(shapes) : other;
  return {
    decode: (value, path, issues) => (isObject(value) ? object : other).decode(value, path, issues),
    encode: (value) => (isObject(value) ? object : other).encode(value),
  };
}

const mapValues = (value: Json, change: (one: unknown, key: string) => unknown): Json =>
  Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one, key)]));

function renameJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(renameJsonSchema);
  if (!isObject(node)) return node;
  const out: Json = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties' && isObject(value)) {
      out[key] = Object.fromEntries(
        Object.entries(value).map(([name, one]) => [toSnake(name), renameJsonSchema(one)]),
      );
    } else if (key === 'required' && Array.isArray(value)) {
      out[key] = value.map((name) => toSnake(String(name)));
    } else if (
      key === 'example' ||
      key === 'examples' ||
      key === 'enum' ||
      key === 'const' ||
      key === 'default'
    ) {
      out[key] = value;
    } else {
      out[key] = renameJsonSchema(value);
    }
  }
  return out;
}
