import fc from 'fast-check';
import { type HostileCase, request, type Sound, soundBody, withJson } from './openapi-fuzz-case.js';
import type { Json, Operation } from './openapi-fuzz-schema.js';
import type { World } from './openapi-fuzz-world.js';

/** Another tenant in X-Tenant-Id, and each of their ids in each field that takes such an id. */
export function foreignCases(sound: Sound, { victim, foreignIds }: World): HostileCase[] {
  const { body } = sound.operation;
  const plain = body ? withJson(sound, soundBody(sound)) : request(sound);
  const named: HostileCase = {
    what: "the victim's tenant in X-Tenant-Id",
    request: { ...plain, headers: [...plain.headers, ['x-tenant-id', victim.tenantId]] },
    answer: [403],
  };
  const fields = Object.entries((body?.schema.properties ?? {}) as Record<string, Json>);
  const spoilt = fields.flatMap(([field, schema]) =>
    [...foreignIds, victim.seat]
      .filter((id) => isTakenBy(field, schema, id))
      .map((id): HostileCase => ({
        what: `the victim's ${id} as ${field}`,
        request: withJson(sound, JSON.stringify({ ...(body!.example as object), [field]: id })),
        answer: 'any',
      })),
  );
  return [named, ...spoilt];
}

/** A pattern that takes any text of that length asks for no id. */
function isTakenBy(field: string, { type, pattern }: Json, id: string): boolean {
  if (type !== 'string') return false;
  if (!pattern) return field.endsWith('_id');
  const takes = new RegExp(pattern);
  return takes.test(id) && !takes.test('x'.repeat(id.length));
}

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PURGE',
  'PROPFIND',
  'LOCK',
];
const GUESSES = [
  '/',
  '//',
  '/.env',
  '/.git/config',
  '/wp-login.php',
  '/api/v1',
  '/api/v2/auth/me',
  '/docs/../../etc/passwd',
  '*',
  'http://evil.example/',
];

/** Methods and paths that no operation has. */
export function elsewhere(
  operations: readonly Operation[],
): fc.Arbitrary<readonly [method: string, target: string]> {
  const known = operations.map(
    (one) => new RegExp(`^${one.method} ${one.path.replace(/\{\w+\}/g, '[^/]+')}$`),
  );
  const path = fc.constantFrom(...operations.map((one) => one.path));
  const targets = fc.oneof(
    path,
    path.map((one) => `${one}/`),
    path.map((one) => one.toUpperCase()),
    fc.constantFrom(...GUESSES),
    fc.webPath().filter((one) => one.startsWith('/')),
  );
  return fc
    .tuple(fc.constantFrom(...METHODS), targets)
    .filter(([method, target]) => !known.some((one) => one.test(`${method} ${target}`)));
}
