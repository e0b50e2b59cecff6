import fc from 'fast-check';
import { faultsOf } from '../support/openapi-fuzz-answers.js';
import {
  deeplyNested,
  hostileHeaders,
  hostilePaths,
  hostileQueries,
  malformedJson,
  strangeValues,
  tooLarge,
  unknownFields,
  wrongMediaType,
  wrongValues,
  type HostileCase,
  type Sound,
} from '../support/openapi-fuzz-cases.js';
import { type RawAnswer, send } from '../support/openapi-fuzz-client.js';
import type { Operation } from '../support/openapi-fuzz-schema.js';
import { forgeries } from '../support/openapi-fuzz-tokens.js';
import { hostileWorld, type World } from '../support/openapi-fuzz-world.js';
import { succeed } from '../support/person.js';

/** `FC_SEED=...` repeats a run that failed; the failure says which. */
const SEED = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);
const RUNS = 30;

let world: World;

beforeAll(async () => {
  world = await hostileWorld();
});

afterAll(() => world?.close());

/** The documented example of an operation, sent by the attacker in their own name. */
function soundOf(operation: Operation): Sound {
  const target = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters.find((one) => one.in === 'path' && one.name === name);
    return encodeURIComponent(String(parameter?.example));
  });
  const headers: [string, string][] =
    operation.access === 'public' ? [] : [['authorization', `Bearer ${world.attacker.accessToken}`]];
  return { operation, target, headers };
}

async function attempt(
  { what, request, answer: wanted }: HostileCase,
  operation: Operation,
): Promise<RawAnswer> {
  const answer = await send(world.origin, request);
  const forbidden = world.forbidden.filter((word) => !JSON.stringify(request).includes(word));
  const faults = faultsOf(answer, forbidden, isOfEdge(answer) ? undefined : operation);
  const refused = answer.status >= 400;
  if (wanted === 'any' && !refused) faults.push('it is not a refusal');
  if (Array.isArray(wanted) && !wanted.includes(answer.status)) faults.push(`${wanted.join(' or ')} was due`);
  if (faults.length > 0) {
    throw new Error(
      `${operation.name} with ${what}: ${faults.join('; ')}. Answer: ${answer.status} ${answer.text.slice(0, 500)}`,
    );
  }
  return answer;
}

/** What Node's own parser and the router refuse belongs to no operation. */
const isOfEdge = (answer: RawAnswer) =>
  answer.status === 431 || (answer.status === 400 && answer.text.includes('"MALFORMED_REQUEST"'));

/** Runs the cases of every operation that has some; says how many operations had. */
async function drive(
  cases: (sound: Sound) => fc.Arbitrary<HostileCase> | null,
  runs = RUNS,
): Promise<number> {
  let driven = 0;
  for (const operation of world.operations) {
    const arbitrary = cases(soundOf(operation));
    if (!arbitrary) continue;
    driven += 1;
    await holds(arbitrary, (one) => attempt(one, operation), runs);
  }
  return driven;
}

async function holds<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (one: T) => Promise<unknown>,
  numRuns: number,
): Promise<void> {
  const property = fc.asyncProperty(arbitrary, async (one) => void (await check(one)));
  const details = await fc.check(property, { numRuns, seed: SEED });
  if (details.failed)
    throw new Error(`Repeat it with FC_SEED=${SEED}.\n${(details.errorInstance as Error)?.message}`);
}

/** Nothing of anybody has changed, not even of the attacker's own. */
async function changingNothing(work: () => Promise<void>): Promise<void> {
  const before = await world.digest();
  await work();
  expect(await world.digest()).toEqual(before);
}

describe('hostile input', () => {
  it('drives every operation that the product documents', () => {
    const served = Object.values(world.document.paths).flatMap((methods) => Object.keys(methods));
    expect(world.operations).toHaveLength(served.length);
    expect(world.operations.length).toBeGreaterThanOrEqual(20);
    expect(world.foreignIds.length).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['a body that is not JSON', malformedJson, RUNS, 5],
    ['another media type', wrongMediaType, RUNS, 5],
    ['a body that is too large', tooLarge, 2, 5],
    ['ten thousand levels', deeplyNested, 6, 4],
    ['fields that nobody declared', unknownFields, RUNS, 4],
    ['values that the document does not allow', wrongValues, RUNS * 2, 4],
    ['paths that no client sends', hostilePaths, RUNS, 1],
    ['queries that no client sends', hostileQueries, RUNS, 5],
    ['headers that no client sends', hostileHeaders, RUNS, 15],
  ])('refuses %s and changes nothing', async (_, cases, runs, least) => {
    await changingNothing(async () => {
      expect(await drive(cases, runs)).toBeGreaterThanOrEqual(least);
    });
  });

  it('fails at no value that the document allows, and touches nobody else', async () => {
    const before = await world.digest(world.victim.tenantId);
    await drive(strangeValues, RUNS);
    expect(await world.digest(world.victim.tenantId)).toEqual(before);
  });

  it('gives every bearer that is not good the same 401', async () => {
    await changingNothing(async () => {
      const bodies = new Set<string>();
      let driven = 0;
      for (const operation of world.operations) {
        const { target } = soundOf(operation);
        const body = operation.body && Buffer.from(JSON.stringify(operation.body.example));
        const requestWith = (headers: [string, string][]) => ({
          method: operation.method,
          target,
          headers: body ? [...headers, ['content-type', 'application/json'] as const] : headers,
          body,
        });
        const anonymous = await send(world.origin, requestWith([]));
        if (anonymous.status !== 401 && operation.access === 'public') continue;
        driven += 1;
        if (operation.access === 'bearer') {
          await attempt({ what: 'no bearer', request: requestWith([]), answer: [401] }, operation);
        }
        await holds(
          forgeries(world.genuine),
          async ([what, authorization]) => {
            const request = requestWith([['authorization', authorization]]);
            const answer = await attempt({ what, request, answer: [401] }, operation);
            bodies.add(withoutTrace(answer.text));
          },
          RUNS,
        );
      }
      expect(driven).toBeGreaterThanOrEqual(10);
      expect([...bodies]).toEqual([
        '{"error":{"code":"UNAUTHENTICATED","message":"Authentication is required.","trace_id":"","timestamp":""}}',
      ]);
    });
  });

  it("answers another tenant's ids like ids that do not exist", async () => {
    let compared = 0;
    await changingNothing(async () => {
      for (const operation of world.operations.filter(
        (one) => one.path.includes('{') && one.access !== 'public',
      )) {
        const { headers } = soundOf(operation);
        const parameters = operation.parameters.filter((one) => one.in === 'path');
        const unknown = soundOf(operation).target;
        const foreign = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
          const pattern = new RegExp(parameters.find((one) => one.name === name)?.schema.pattern ?? '^$');
          return world.foreignIds.find((id) => pattern.test(id)) ?? 'none';
        });
        if (foreign.includes('none'))
          throw new Error(`The victim has nothing that ${operation.name} could show.`);
        if (operation.method === 'GET')
          await succeed(world.origin.origin + foreign, { bearer: world.victim.accessToken });
        const answers = [];
        for (const target of [unknown, foreign]) {
          const request = { method: operation.method, target, headers };
          answers.push(await attempt({ what: target, request, answer: [404] }, operation));
        }
        expect(withoutTrace(answers[1]!.text)).toBe(withoutTrace(answers[0]!.text));
        compared += 1;
      }
    });
    expect(compared).toBeGreaterThanOrEqual(1);
  });

  it("gives nothing for another tenant's ids in a body or in X-Tenant-Id", async () => {
    await changingNothing(async () => {
      for (const operation of world.operations.filter((one) => one.access !== 'public')) {
        const sound = soundOf(operation);
        const body = operation.body && Buffer.from(JSON.stringify(operation.body.example));
        const json: [string, string][] = body ? [['content-type', 'application/json']] : [];
        const named: [string, string] = ['x-tenant-id', world.victim.tenantId];
        const request = {
          method: operation.method,
          target: sound.target,
          headers: [...sound.headers, ...json, named],
          body,
        };
        await attempt({ what: "the victim's tenant in X-Tenant-Id", request, answer: [403] }, operation);

        for (const [field, schema] of Object.entries<any>(operation.body?.schema.properties ?? {})) {
          for (const id of [...world.foreignIds, world.victim.seat].filter((one) =>
            fits(schema, field, one),
          )) {
            const spoilt = Buffer.from(
              JSON.stringify({ ...(operation.body!.example as object), [field]: id }),
            );
            const foreign = {
              method: operation.method,
              target: sound.target,
              headers: [...sound.headers, ...json],
              body: spoilt,
            };
            await attempt(
              { what: `the victim's ${id} as ${field}`, request: foreign, answer: 'any' },
              operation,
            );
          }
        }
      }
    });
  });

  it('knows no path and no method but its own', async () => {
    const methods = fc.constantFrom(
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'HEAD',
      'TRACE',
      'PURGE',
      'PROPFIND',
      'LOCK',
    );
    const known = new Set(world.operations.map((one) => one.name));
    const patterns = world.operations.map(
      (one) => new RegExp(`^${one.method} ${one.path.replace(/\{\w+\}/g, '[^/]+')}$`),
    );
    const paths = fc.oneof(
      fc.constantFrom(...Object.keys(world.document.paths)),
      fc.constantFrom(...Object.keys(world.document.paths)).map((path) => `${path}/`),
      fc.constantFrom(...Object.keys(world.document.paths)).map((path) => path.toUpperCase()),
      fc.constantFrom(
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
      ),
      fc.webPath().filter((path) => path.startsWith('/')),
    );
    await changingNothing(() =>
      holds(
        fc
          .tuple(methods, paths)
          .filter(
            ([method, path]) =>
              !known.has(`${method} ${path}`) && !patterns.some((one) => one.test(`${method} ${path}`)),
          ),
        async ([method, target]) => {
          // A preflight is answered for any path: it asks about origins, not about what is there.
          if (method === 'OPTIONS') return;
          const answer = await send(world.origin, { method, target, headers: [] });
          const faults = method === 'HEAD' ? [] : faultsOf(answer, world.forbidden);
          if (answer.status < 400 || answer.status >= 500) faults.push('404 was due');
          if (faults.length > 0)
            throw new Error(
              `${method} ${target}: ${faults.join('; ')}. Answer: ${answer.status} ${answer.text.slice(0, 300)}`,
            );
        },
        RUNS * 10,
      ),
    );
  });

  it('still serves both of them afterwards', async () => {
    const api = `${world.origin.origin}/api/v1`;
    for (const { accessToken, seat, refreshToken } of [world.attacker, world.victim]) {
      await succeed(`${api}/auth/me`, { bearer: accessToken });
      await succeed(`${api}/licenses/heartbeat`, { method: 'PUT', body: { session_id: seat } });
      await succeed(`${api}/auth/refresh`, { body: { refresh_token: refreshToken } });
    }
    expect(await succeed(`${world.origin.origin}/health/ready`)).toMatchObject({ status: 'ready' });
  });
});

const withoutTrace = (text: string) =>
  text.replace(/"trace_id":"[^"]*"/, '"trace_id":""').replace(/"timestamp":"[^"]*"/, '"timestamp":""');

const fits = (schema: { type?: string; pattern?: string }, field: string, id: string) =>
  schema.type === 'string' && (schema.pattern ? new RegExp(schema.pattern).test(id) : field.endsWith('_id'));
