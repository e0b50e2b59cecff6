import { encodeActivationRequest } from '#sdk/formats';
import { type RawAnswer, type RawRequest, send } from './openapi-fuzz-client.js';
import { soundBody } from './openapi-fuzz-case.js';
import type { Drive } from './openapi-fuzz-drive.js';
import { type Place, placesOf, withIdAt } from './openapi-foreign-places.js';
import type { Json, Operation } from './openapi-fuzz-schema.js';
import type { World } from './openapi-fuzz-world.js';

/**
 * Bodies with which an id is looked up, where that of the documented example is refused before: for its other fields,
 * or for two ways to say the same. The place that is tried is set in them.
 */
const BODIES: Record<string, (world: World, id: string) => object> = {
  'POST /oauth/token audience': ({ attacker }) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_id: 'gatehouse-cli',
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: attacker.accessToken,
  }),
  'POST /oauth/token client_id': ({ attacker }) => ({
    grant_type: 'client_credentials',
    client_secret: attacker.apiKey,
  }),
  'POST /api/v1/licenses/acquire license_id': () => ({ hardware_id: 'a desk' }),
  'POST /api/v1/licenses/check-in license_id': () => ({}),
  // The file and the call have to name the same.
  'POST /api/v1/licenses/activations license_id': (_, licenseId) => ({
    request: encodeActivationRequest({ ...MACHINE, createdAt: Date.now(), licenseId }),
  }),
  'POST /api/v1/tenant/transfer role': ({ attacker }) => ({ membership_id: attacker.colleagueId }),
};

const MACHINE = { device: 'a'.repeat(64), nonce: 'b'.repeat(32) };

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
    const ask = (one: string) =>
      send(world.origin, requestOf(operation, world, drive, place, one, chosen(one)));
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
function ownPath(operation: Operation, { attacker, ownIds }: World, but: Place): Map<string, string> {
  const chosen = new Map<string, string>();
  for (const one of operation.parameters.filter((parameter) => parameter.in === 'path')) {
    const { pattern } = one.schema as Json;
    const mine =
      one.name === 'role'
        ? attacker.role
        : ownIds.find((id) => pattern && new RegExp(pattern as string).test(id));
    if (one.name !== but.name || but.where !== 'path')
      chosen.set(one.name as string, mine ?? String(one.example));
  }
  return chosen;
}

function requestOf(
  operation: Operation,
  world: World,
  drive: Drive,
  place: Place,
  id: string,
  path: ReadonlyMap<string, string>,
): RawRequest {
  const sound = drive.soundOf(operation);
  const filled = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(path.get(name) ?? id),
  );
  const target = place.where === 'query' ? `${filled}?${place.name}=${encodeURIComponent(id)}` : filled;
  const headers = [...sound.headers, ...(place.where === 'header' ? [[place.name, id] as const] : [])];
  if (!operation.body) return { method: operation.method, target, headers };
  const example = BODIES[`${operation.name} ${place.name}`]?.(world, id) ?? JSON.parse(soundBody(sound));
  const body = place.where === 'body' ? withIdAt(example, place.name, id) : example;
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
