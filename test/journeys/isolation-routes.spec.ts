import { send } from '../support/openapi-fuzz-client.js';
import { Drive } from '../support/openapi-fuzz-drive.js';
import { placesOf, shapeOf, tell, type Told } from '../support/openapi-foreign-walk.js';
import type { Operation } from '../support/openapi-fuzz-schema.js';
import { hostileWorld, type World } from '../support/openapi-fuzz-world.js';

const PATIENCE_MS = 300_000;

let world: World;
let drive: Drive;

beforeAll(async () => {
  world = await hostileWorld();
  drive = new Drive(world);
}, PATIENCE_MS);

afterAll(() => world?.close(), PATIENCE_MS);

/** A sentence for each way in which an answer tells that the id is somebody's. */
function faultsOf(operation: Operation, { what, place, foreign, unknown }: Told): string[] {
  const name = `${operation.name} with ${what}`;
  const id = what.split(' ', 1)[0] ?? '';
  const faults: string[] = [];
  if (shapeOf(foreign, id) !== shapeOf(unknown, place.unknown))
    faults.push(
      `${name}: ${foreign.status} ${foreign.text.slice(0, 200)}, but for one that nobody has: ${unknown.status} ${unknown.text.slice(0, 200)}`,
    );
  if (
    place.where === 'path' &&
    !what.endsWith('own') &&
    operation.access === 'bearer' &&
    foreign.status !== 404
  )
    faults.push(`${name}: ${foreign.status} ${foreign.text.slice(0, 200)}, and 404 was due`);
  const told = world.forbidden.filter(
    (word) => word !== id && !what.includes(word) && foreign.text.includes(word),
  );
  return [...faults, ...told.map((word) => `${name}: it tells ${word}`)];
}

describe('the ids of another organisation (isolation)', () => {
  it(
    'are answered by every route like ids that nobody has, and change nothing of theirs',
    async () => {
      const faults: string[] = [];
      const driven = new Map<string, number>();
      const changes = await drive.changesOf(async () => {
        for (const operation of world.operations) {
          for (const told of await tell(operation, world, drive)) {
            faults.push(...faultsOf(operation, told));
            driven.set(operation.name, (driven.get(operation.name) ?? 0) + 1);
          }
        }
      }, world.victim.tenantId);
      expect(faults).toEqual([]);
      expect(changes).toEqual([]);
      const inPath = world.operations.filter((one) => one.path.includes('{') && one.access !== 'public');
      expect(inPath.map((one) => one.name).filter((name) => !driven.has(name))).toEqual([]);
      expect(driven.size).toBeGreaterThanOrEqual(inPath.length + 4);
    },
    PATIENCE_MS,
  );

  it(
    'are sound: whoever they belong to is shown what they name',
    async () => {
      const headers = [['authorization', `Bearer ${world.victim.accessToken}`]] as const;
      let shown = 0;
      for (const operation of world.operations) {
        if (operation.method !== 'GET' || !operation.path.includes('{') || operation.access === 'public')
          continue;
        const places = placesOf(operation, world).filter((one) => one.where === 'path');
        const target = operation.path.replace(
          /\{(\w+)\}/g,
          (_, name: string) => places.find((one) => one.name === name)!.ids[0]!,
        );
        const { status } = await send(world.origin, { method: 'GET', target, headers });
        expect([operation.name, status]).toEqual([operation.name, 200]);
        shown += 1;
      }
      expect(shown).toBeGreaterThanOrEqual(8);
    },
    PATIENCE_MS,
  );

  it('would be missed: a route that takes a kind of id of which they have none fails the walk', () => {
    const pattern = '^zzz_[0-7][0-9a-hjkmnp-tv-z]{25}$';
    const planted = { ...world.operations[0]!, name: 'GET /planted', path: '/planted' };
    const parameter = { name: 'zzz_id', in: 'query', schema: { type: 'string', pattern } };
    expect(() => placesOf({ ...planted, parameters: [parameter] }, world)).toThrow('teach the world');
    const body = { schema: { properties: { zzz_id: parameter.schema } }, example: {} };
    expect(() => placesOf({ ...planted, parameters: [], body }, world)).toThrow('teach the world');
  });
});
