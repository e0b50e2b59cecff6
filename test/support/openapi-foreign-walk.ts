import { newId } from '#platform';
import { type RawAnswer, type RawRequest, send } from './openapi-fuzz-client.js';
import { soundBody } from './openapi-fuzz-case.js';
import type { Drive } from './openapi-fuzz-drive.js';
import type { Json, Operation } from './openapi-fuzz-schema.js';
import type { World } from './openapi-fuzz-world.js';

/** A place of an operation that takes an id of somebody's. */
interface Place {
  where: 'path' | 'query' | 'body';
  name: string;
  /** Ids of the victim that it takes. */
  ids: string[];
  /** One of the same form that nobody has. */
  unknown: string;
}

const TYPE_ID = /^([a-z]{2,6})_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/**
 * Where an operation takes ids, each with the victim's that fit. Throws for a kind of id of which the victim has none: then
 * this walk would pass by, whatever the route does.
 */
export function placesOf(operation: Operation, { foreignIds, victim }: World): Place[] {
  const places: Place[] = [];
  const add = (where: Place['where'], name: string, schema: Json, example: unknown) => {
    const ids = idsFor(where, name, schema, foreignIds, victim.role);
    if (ids.length > 0) places.push({ where, name, ids, unknown: unknownLike(ids[0]!, example) });
    else if (name !== 'cursor' && ((where === 'path' && operation.access !== 'public') || asksForId(schema)))
      throw new Error(
        `The victim has nothing for ${name} of ${operation.name}: teach the world to make one.`,
      );
  };
  for (const one of operation.parameters) {
    if (one.in === 'path' || one.in === 'query') add(one.in, one.name, one.schema as Json, one.example);
  }
  const fields = Object.entries((operation.body?.schema.properties ?? {}) as Record<string, Json>);
  for (const [name, schema] of fields) add('body', name, schema, undefined);
  return places;
}

/** A pattern that begins with the prefix of an id. */
const asksForId = ({ pattern }: Json) => /^\^[a-z]{2,6}_\[0-7\]/.test(pattern ?? '');

function idsFor(
  where: Place['where'],
  name: string,
  schema: Json,
  foreignIds: readonly string[],
  role: string,
): string[] {
  // It says where a list goes on, whoever's the id is.
  if (name === 'cursor') return [];
  if (name === 'role') return [role];
  const { type, pattern } = schema;
  if (type !== 'string' || !pattern) return [];
  const takes = new RegExp(pattern as string);
  const fitting = foreignIds.filter((id) => takes.test(id) && id !== role);
  // What takes any text asks for none of these: for the name of a device, if it is in a path.
  const takesAny = (id: string) => takes.test('x'.repeat(id.length));
  return fitting.filter((id) => !takesAny(id) || (where === 'path' && !TYPE_ID.test(id)));
}

function unknownLike(id: string, example: unknown): string {
  const prefix = TYPE_ID.exec(id)?.[1];
  if (prefix) return newId(prefix);
  return typeof example === 'string' ? example : 'nobody-has-this';
}

/** What came of a call with the victim's id, beside the same call with one that nobody has. */
export interface Told {
  what: string;
  place: Place;
  foreign: RawAnswer;
  unknown: RawAnswer;
}

/**
 * Calls `operation` as the attacker: with all of its ids of the victim's world, and, where it takes several, with each of
 * them beside the attacker's own. Beside each, the same with an id that nobody has.
 */
export async function tell(operation: Operation, world: World, drive: Drive): Promise<Told[]> {
  const places = placesOf(operation, world);
  const inPath = places.filter((one) => one.where === 'path');
  const told: Told[] = [];
  const compare = async (
    what: string,
    place: Place,
    chosen: (id: string) => Map<string, string>,
    id: string,
  ) => {
    const ask = (one: string) => send(world.origin, requestOf(operation, drive, place, one, chosen(one)));
    // The unknown one first: a call that did something would do it then.
    const unknown = await ask(place.unknown);
    told.push({ what, place, unknown, foreign: await ask(id) });
  };
  for (const place of places) {
    for (const id of place.ids) {
      const alone = () => ownPath(operation, world, place);
      if (place.where !== 'path') await compare(`${id} as ${place.name}`, place, alone, id);
      else {
        const all = (one: string) =>
          new Map(
            inPath.map((other) => [other.name, other === place ? one : (other.ids[0] ?? other.unknown)]),
          );
        await compare(`${id} as ${place.name}`, place, all, id);
        if (inPath.length > 1)
          await compare(
            `${id} as ${place.name} beside one's own`,
            place,
            (one) => alone().set(place.name, one),
            id,
          );
      }
    }
  }
  return told;
}

/** The path of the attacker's own things, as far as they have any. */
function ownPath(operation: Operation, { attacker }: World, but: Place): Map<string, string> {
  const own = Object.values(attacker).filter((one) => typeof one === 'string');
  const chosen = new Map<string, string>();
  for (const one of operation.parameters.filter((parameter) => parameter.in === 'path')) {
    const { pattern } = one.schema as Json;
    const mine =
      one.name === 'role'
        ? attacker.role
        : own.find((id) => TYPE_ID.test(id) && new RegExp(pattern ?? '^$').test(id));
    if (one.name !== but.name || but.where !== 'path')
      chosen.set(one.name as string, mine ?? String(one.example));
  }
  return chosen;
}

function requestOf(
  operation: Operation,
  drive: Drive,
  place: Place,
  id: string,
  path: ReadonlyMap<string, string>,
): RawRequest {
  const { headers } = drive.soundOf(operation);
  const filled = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(path.get(name) ?? id),
  );
  const target = place.where === 'query' ? `${filled}?${place.name}=${encodeURIComponent(id)}` : filled;
  if (!operation.body) return { method: operation.method, target, headers };
  const example = JSON.parse(soundBody(drive.soundOf(operation))) as object;
  const body = place.where === 'body' ? { ...example, [place.name]: id } : example;
  return {
    method: operation.method,
    target,
    headers: [...headers, ['content-type', 'application/json']],
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** An answer without what differs each time, and without the id that was asked for. */
export const shapeOf = ({ status, text }: RawAnswer, id: string): string =>
  `${status} ${text}`
    .replaceAll(id, '(the id)')
    .replace(/"trace_id":"[^"]*"/, '')
    .replace(/"timestamp":"[^"]*"/, '');
