import { newId } from '#platform';
import { fieldsIn, formRoutes, FORMS, unknownFields } from '../support/foreign-forms.js';
import { FormReader } from '../support/form-reader.js';
import { joins } from '../support/memberships.js';
import { type RawAnswer, send } from '../support/openapi-fuzz-client.js';
import { Drive } from '../support/openapi-fuzz-drive.js';
import { placesOf, withIdAt } from '../support/openapi-foreign-places.js';
import { shapeOf, tell, type Told } from '../support/openapi-foreign-walk.js';
import type { Operation } from '../support/openapi-fuzz-schema.js';
import { hostileWorld, type World } from '../support/openapi-fuzz-world.js';
import { newEmail, PASSWORD, signUpByPassword } from '../support/person.js';
import { settled } from '../support/tenant-life.js';

const PATIENCE_MS = 300_000;

let world: World;
let drive: Drive;

beforeAll(async () => {
  world = await hostileWorld();
  drive = new Drive(world);
}, PATIENCE_MS);

afterAll(() => world?.close(), PATIENCE_MS);

/**
 * What says of an id in a body or a query, and of one beside the caller's own things, that there is no such thing for them:
 * 404 unless it stands here, with the reason. 422 and 429 would mean that nothing was looked up.
 */
const DUE: Record<string, string> = {
  // Only a signature of the operator's opens it, and here there is no key for any.
  'POST /api/v1/auth/service-accounts/issue tenant_id': '403 ISSUING_NOT_CONFIGURED',
  // User ids are taken as they are, anybody's: who is no member gets no token.
  "PUT /api/v1/licenses/{license_id}/users/{user_id} user_id beside one's own": '200',
  "DELETE /api/v1/licenses/{license_id}/users/{user_id} user_id beside one's own": '200',
  // One's own is given as a confirmation, and compared with that alone.
  'DELETE /api/v1/tenant slug': '422 SLUG_MISMATCH',
  'PATCH /api/v1/tenant slug': '409 SLUG_TAKEN',
  // RFC 8693, 2.2.2, and RFC 6749, 5.2.
  'POST /oauth/token audience': '400 invalid_target',
  'POST /oauth/token client_id': '401 invalid_client',
};

/** What cannot but tell that a name is somebody's. */
const TELLS = new Set([
  // A slug is one organisation's: whoever chooses one learns that it is taken.
  'PATCH /api/v1/tenant slug',
]);

const BESIDE = " beside one's own";

/** A sentence for each way in which an answer tells that the id is somebody's. */
function faultsOf(operation: Operation, { what, place, foreign, unknown }: Told): string[] {
  const name = `${operation.name} with ${what}`;
  const id = what.split(' ', 1)[0] ?? '';
  const faults: string[] = [];
  const isHidden = !TELLS.has(`${operation.name} ${place.name}`);
  if (isHidden && shapeOf(foreign, id) !== shapeOf(unknown, place.unknown))
    faults.push(
      `${name}: ${foreign.status} ${foreign.text.slice(0, 200)}, but for one that nobody has: ${unknown.status} ${unknown.text.slice(0, 200)}`,
    );
  const isOpen = place.where === 'path' && operation.access !== 'bearer';
  const beside = what.endsWith(BESIDE) ? BESIDE : '';
  const usual = place.where === 'header' ? '403 TENANT_MISMATCH' : '404';
  const due = DUE[`${operation.name} ${place.name}${beside}`] ?? usual;
  if (!isOpen && !answerOf(foreign).startsWith(due))
    faults.push(`${name}: ${foreign.status} ${foreign.text.slice(0, 200)}, and ${due} was due`);
  const told = world.forbidden.filter(
    (word) => word !== id && !what.includes(word) && foreign.text.includes(word),
  );
  return [...faults, ...told.map((word) => `${name}: it tells ${word}`)];
}

/** Status and code, also in the words of OAuth. */
function answerOf({ status, text }: RawAnswer): string {
  const code = /"(?:code|error)":"(\w+)"/.exec(text)?.[1];
  return code ? `${status} ${code}` : String(status);
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
      }, world.victim);
      expect(faults).toEqual([]);
      expect(changes).toEqual([]);
      const inPath = world.operations.filter((one) => one.path.includes('{') && one.access !== 'public');
      expect(inPath.map((one) => one.name).filter((name) => !driven.has(name))).toEqual([]);
      expect(driven.size).toBeGreaterThanOrEqual(inPath.length + 4);
      expect(driven.has('POST /api/v1/tenants/join')).toBe(true);
    },
    PATIENCE_MS,
  );

  it(
    'are answered by every form of the pages like ids that nobody has, and change nothing of theirs',
    async () => {
      expect(await formRoutes()).toEqual(Object.keys(FORMS).sort());
      expect(unknownFields()).toEqual([]);
      const { attacker, victim, product } = world;
      const email = newEmail();
      const person = await signUpByPassword(world.origin.origin, email);
      await joins(product, person, { tenant: { id: attacker.tenantId } });
      const reader = new FormReader();
      await reader.open(`${world.origin.origin}/login`);
      await reader.press('Sign in', { email, password: PASSWORD });
      const answers: string[] = [];
      const changes = await drive.changesOf(async () => {
        for (const id of [newId('ten'), victim.tenantId]) {
          await reader.open('/account');
          // The form is theirs, what it names is not.
          const button = /Switch to [^(]+\(\w+\)/.exec(reader.text)?.[0] ?? '';
          await reader.press(button, { tenant_id: id });
          answers.push(`${reader.status} ${reader.text.replaceAll(id, '(the id)')}`);
          expect(world.forbidden.filter((word) => word !== id && reader.html.includes(word))).toEqual([]);
          expect(reader.status).toBe(404);
        }
      }, victim);
      expect(answers[1]).toBe(answers[0]);
      expect(changes).toEqual([]);
      // Where they are a member it lets them in: it is the id that was refused.
      await reader.open('/account');
      await reader.press(/Switch to [^(]+\(\w+\)/.exec(reader.text)?.[0] ?? '');
      expect([reader.status, reader.text]).toEqual([200, expect.stringContaining('Organisation Acme Tools')]);
    },
    PATIENCE_MS,
  );

  it(
    'come to nothing later either: what followed from all that changes nothing of theirs',
    async () => {
      const { attacker, victim, product } = world;
      const unheard = await product.query(
        'select 1 from platform.outbox where tenant_id = $1 and settled_at is null',
        [attacker.tenantId],
      );
      // Else this would prove nothing.
      expect(unheard.length).toBeGreaterThan(0);
      const changes = await drive.changesOf(async () => {
        await product.startWorker();
        await settled(product, attacker.tenantId);
      }, victim);
      expect(changes).toEqual([]);
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

  it('would be missed: a kind of id of which they have none, a field that is hidden deep, and a schema that nobody reads fail the walk', () => {
    const pattern = '^zzz_[0-7][0-9a-hjkmnp-tv-z]{25}$';
    const strange = { type: 'string', pattern };
    const plain = { access: 'public' as const, parameters: [] };
    const planted = { ...world.operations[0]!, ...plain, name: 'POST /planted', path: '/planted' };
    const walked = (schema: object) => placesOf({ ...planted, body: { schema, example: {} } }, world);
    expect(() =>
      placesOf({ ...planted, parameters: [{ name: 'zzz_id', in: 'query', schema: strange }] }, world),
    ).toThrow('teach the world');
    for (const schema of [
      { properties: { zzz_id: strange } },
      { properties: { many: { type: 'array', items: strange } } },
      { anyOf: [{ properties: {} }, { properties: { deep: { oneOf: [strange] } } }] },
      { additionalProperties: { allOf: [strange] } },
    ])
      expect(() => walked(schema)).toThrow('teach the world');
    expect(() => walked({ properties: { thing_id: { type: 'string' } } })).toThrow('no pattern');
    expect(() =>
      placesOf({ ...planted, parameters: [{ name: 'x-thing', in: 'header', schema: strange }] }, world),
    ).toThrow('teach the walk');
    const slug = { type: 'string', pattern: '^[a-z0-9]+(?:-[a-z0-9]+)*$' };
    expect(walked({ properties: { slug } })).toMatchObject([{ name: 'slug', ids: [world.victim.slug] }]);
    expect(() => walked({ $ref: '#/components/schemas/Thing' })).toThrow('teach the walk');
    expect(() => walked({ properties: { a: { not: {} } } })).toThrow('teach the walk');
    const licence = { type: 'string', pattern: pattern.replace('zzz', 'lic') };
    const deep = { properties: { grants: { type: 'array', items: { properties: { to: licence } } } } };
    expect(walked(deep)).toMatchObject([{ name: 'grants[].to', ids: [world.victim.licenseId] }]);
    expect(withIdAt({ grants: [{ n: 1 }] }, 'grants[].to', 'x')).toEqual({ grants: [{ n: 1, to: 'x' }] });
    expect(fieldsIn(`name="a" name: 'b' sent.c const { d: e = '', f } = visit.sent`)).toEqual([
      'a',
      'b',
      'c',
      'd',
      'f',
    ]);
  });

  it('are of every kind that the document names', () => {
    const kinds = new Set(world.foreignIds.map((id) => id.split('_', 1)[0]));
    const named = JSON.stringify(world.document).matchAll(/\^([a-z]{2,6})_\[0-7\]/g);
    const wanted = [...new Set([...named].map(([, kind]) => kind))];
    expect(wanted.length).toBeGreaterThan(8);
    expect(wanted.filter((kind) => !kinds.has(kind))).toEqual([]);
  });
});
