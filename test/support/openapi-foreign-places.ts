import { newId } from '#platform';
import type { Json, Operation } from './openapi-fuzz-schema.js';
import type { World } from './openapi-fuzz-world.js';

/** A place of an operation that takes an id of somebody's. */
export interface Place {
  where: 'path' | 'query' | 'body' | 'header';
  /** The parameter, or the way to the field of a body: `grants[].license_id`. */
  name: string;
  /** Ids of the victim that it takes. */
  ids: string[];
  /** One of the same form that nobody has. */
  unknown: string;
}

const TYPE_ID = /^([a-z]{2,6})_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** The prefixes of ids that a pattern asks for. */
const KINDS_ASKED = /([a-z]{2,6}|\))_\[0-7\]/g;

/** Fields that take an id and have no pattern that says of which kind. */
const UNSAID: Record<string, string> = { 'POST /oauth/token audience': 'ten' };

/** Called ids, and no ids of ours: secrets that the caller holds, names that the caller makes, other programs'. */
const NO_IDS_OF_OURS = ['session_id', 'hardware_id', 'client_id', 'trace_id'];

/** X-Tenant-Id, which is sent to each of them below; the others name nobody's thing. */
const HEADERS = new Set(['X-Tenant-Id', 'Idempotency-Key', 'Accept-Signature']);

/** What of JSON Schema is read here, or says nothing of who something belongs to. */
const READ = ['properties', 'items', 'additionalProperties', 'anyOf', 'oneOf', 'allOf', 'pattern', 'type'];
const SAYS_NOTHING = [
  ...['description', 'title', 'example', 'default', 'deprecated', 'nullable', 'required', 'enum', 'format'],
  ...['minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties'],
];

/**
 * Where an operation takes ids, each with the victim's that fit: also within objects, lists and alternatives. Throws for a kind
 * of id of which the victim has none, and for a schema that it cannot read: then this walk would pass by, whatever
 * the route does.
 */
export function placesOf(operation: Operation, world: World): Place[] {
  const places: Place[] = [];
  const add = (where: Place['where'], name: string, schema: Json, example?: unknown) => {
    // It says where a list goes on, whoever's the id is.
    if (where === 'query' && name === 'cursor') return;
    const ids = idsFor(operation, where, name, schema, world);
    // A slug that was chosen once is somebody's from then on.
    const unknown = () => (name === 'slug' ? newId('ten').slice(4) : unknownLike(ids[0]!, example));
    if (ids.length > 0) places.push({ where, name, ids, unknown: unknown() });
    else if (where === 'path' && operation.access !== 'public')
      throw new Error(
        `The victim has nothing for ${name} of ${operation.name}: teach the world to make one.`,
      );
  };
  for (const one of operation.parameters) {
    if (one.in === 'header' && HEADERS.has(String(one.name))) continue;
    if (one.in !== 'path' && one.in !== 'query')
      throw new Error(
        `${operation.name} says a ${String(one.in)} ${String(one.name)}: teach the walk to send it.`,
      );
    for (const [, leaf] of leavesOf(operation, one.schema as Json, one.name as string))
      add(one.in, one.name as string, leaf, one.example);
  }
  const seen = new Set<string>();
  for (const [name, leaf] of operation.body ? leavesOf(operation, operation.body.schema, '') : []) {
    // Alternatives have fields in common.
    if (seen.has(`${name} ${leaf.pattern}`)) continue;
    seen.add(`${name} ${leaf.pattern}`);
    add('body', name, leaf);
  }
  // Read on every route that takes a bearer, and may only repeat what that says (C9).
  if (operation.access === 'bearer')
    places.push({
      where: 'header',
      name: 'x-tenant-id',
      ids: [world.victim.tenantId],
      unknown: newId('ten'),
    });
  return places;
}

/** Every schema of a plain value within one, with the way there. */
function leavesOf(operation: Operation, schema: Json, at: string): [string, Json][] {
  const unread = Object.keys(schema).filter((key) => ![...READ, ...SAYS_NOTHING].includes(key));
  if (unread.length > 0)
    throw new Error(
      `${operation.name} says ${unread.join(', ')} of ${at || 'its body'}: teach the walk to read it.`,
    );
  const { properties, items, additionalProperties, anyOf, oneOf, allOf, ...plain } = schema;
  const below = [
    ...Object.entries((properties ?? {}) as Record<string, Json>).map(([name, one]) => [
      at ? `${at}.${name}` : name,
      one,
    ]),
    ...(items ? [[`${at}[]`, items]] : []),
    ...(typeof additionalProperties === 'object' ? [[`${at}.*`, additionalProperties]] : []),
    ...[anyOf, oneOf, allOf].flatMap((some: Json[] | undefined) => (some ?? []).map((one) => [at, one])),
  ] as [string, Json][];
  const isPlain = plain.pattern !== undefined || below.length === 0;
  return [
    ...(isPlain ? [[at, plain] as [string, Json]] : []),
    ...below.flatMap(([name, one]) => leavesOf(operation, one, name)),
  ];
}

function idsFor(
  { name: operation }: Operation,
  where: Place['where'],
  name: string,
  { type, pattern }: Json,
  { foreignIds, victim }: World,
): string[] {
  const field = name.split(/[.[]/).findLast((one) => !/^[\]*]?$/.test(one)) ?? '';
  if (field === 'role') return [victim.role];
  // Its pattern takes any word.
  if (field === 'slug') return [victim.slug];
  const kind = UNSAID[`${operation} ${name}`];
  if (kind) return foreignIds.filter((id) => TYPE_ID.exec(id)?.[1] === kind);
  if (type !== undefined && type !== 'string') return [];
  if (!pattern) {
    if (field.endsWith('_id') && !NO_IDS_OF_OURS.includes(field))
      throw new Error(`${operation} says no pattern of ${name}: whose ids does it take?`);
    return [];
  }
  const takes = new RegExp(pattern as string, 'u');
  // What takes any text asks for none of these: for the name of a device, if it is in a path.
  const takesAny = (id: string) => takes.test('x'.repeat(id.length));
  const fitting = foreignIds
    .filter((id) => takes.test(id) && id !== victim.role)
    .filter((id) => !takesAny(id) || (where === 'path' && !TYPE_ID.test(id)));
  for (const [, asked] of (pattern as string).matchAll(KINDS_ASKED))
    if (!fitting.some((id) => asked === ')' || id.startsWith(`${asked}_`)))
      throw new Error(`The victim has nothing for ${name} of ${operation}: teach the world to make one.`);
  return fitting;
}

function unknownLike(id: string, example: unknown): string {
  const prefix = TYPE_ID.exec(id)?.[1];
  if (prefix) return newId(prefix);
  return typeof example === 'string' && example !== id ? example : 'nobody-has-this';
}

/** `body` with `id` at the place of a body that `placesOf` names so. */
export function withIdAt(body: unknown, name: string, id: string): unknown {
  const put = (at: unknown, [step, ...rest]: string[]): unknown => {
    if (step === undefined) return id;
    if (step === '[]') return [put((at as unknown[] | undefined)?.[0], rest)];
    const key = step === '*' ? 'any' : step;
    return { ...(at as object | undefined), [key]: put((at as Json | undefined)?.[key], rest) };
  };
  return put(
    body,
    name.split(/\.|(?=\[\])/).filter((step) => step !== ''),
  );
}
