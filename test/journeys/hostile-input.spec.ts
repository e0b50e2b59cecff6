import { faultsOf, isOauth } from '../support/openapi-fuzz-answers.js';
import {
  deeplyNested,
  malformedJson,
  nearMisses,
  strangeValues,
  tooLarge,
  unknownFields,
  wrongMediaType,
  wrongValues,
} from '../support/openapi-fuzz-bodies.js';
import { type RawRequest, send } from '../support/openapi-fuzz-client.js';
import { type Cases, soundBody } from '../support/openapi-fuzz-case.js';
import { Drive, holds } from '../support/openapi-fuzz-drive.js';
import { hostileHeaders, hostilePaths, hostileQueries } from '../support/openapi-fuzz-edges.js';
import { elsewhere, foreignCases } from '../support/openapi-fuzz-foreign.js';
import type { Operation } from '../support/openapi-fuzz-schema.js';
import { forgeries } from '../support/openapi-fuzz-tokens.js';
import { hostileWorld, type World } from '../support/openapi-fuzz-world.js';
import { succeed } from '../support/person.js';

/** Thousands of requests, on a machine that may be busy with other tests. */
const PATIENCE_MS = 180_000;

let world: World;
let drive: Drive;

beforeAll(async () => {
  world = await hostileWorld();
  drive = new Drive(world);
}, PATIENCE_MS);

afterAll(() => world?.close(), PATIENCE_MS);

describe('hostile input', () => {
  it('drives every operation that the product documents', () => {
    const served = Object.values(world.document.paths).flatMap((methods) => Object.keys(methods));
    expect(world.operations).toHaveLength(served.length);
    expect(world.operations.length).toBeGreaterThanOrEqual(20);
    expect(world.foreignIds.length).toBeGreaterThanOrEqual(3);
  });

  it.each<[string, Cases, (usual: number) => number, number]>([
    ['a body that is not JSON', malformedJson, (usual) => usual, 5],
    ['another media type', wrongMediaType, (usual) => usual, 5],
    ['a body that is too large', tooLarge, () => 2, 5],
    ['ten thousand levels', deeplyNested, () => 6, 4],
    ['fields that nobody declared', unknownFields, (usual) => usual, 4],
    ['values that the document does not allow', wrongValues, (usual) => usual * 2, 4],
    ['paths that no client sends', hostilePaths, (usual) => usual, 1],
    ['queries that no client sends', hostileQueries, (usual) => usual * 2, 5],
    ['headers that no client sends', hostileHeaders, (usual) => usual, 15],
  ])(
    'refuses %s and changes nothing',
    async (_, cases, runs, least) => {
      let driven = 0;
      expect(await drive.changesOf(async () => (driven = await drive.all(cases, runs(drive.runs))))).toEqual(
        [],
      );
      expect(driven).toBeGreaterThanOrEqual(least);
    },
    PATIENCE_MS,
  );

  it(
    'fails at no value that the document allows, and touches nobody else',
    async () => {
      expect(await drive.changesOf(() => drive.all(strangeValues), world.victim)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'takes no credential that is wrong in one character',
    async () => {
      const { seat, refreshToken, licenseKey } = world.attacker;
      const cases = nearMisses({ session_id: seat, refresh_token: refreshToken, license_key: licenseKey });
      let driven = 0;
      expect(await drive.changesOf(async () => (driven = await drive.all(cases)))).toEqual([]);
      expect(driven).toBeGreaterThanOrEqual(5);
    },
    PATIENCE_MS,
  );

  it(
    'gives every bearer that is not good the same 401',
    async () => {
      const bodies = new Set<string>();
      const opened: { operation: Operation; request: RawRequest }[] = [];
      // Before anything is compared: what is public may do what it is for.
      for (const operation of world.operations) {
        const { target } = drive.soundOf(operation);
        const headers: [string, string][] = operation.body ? [['content-type', 'application/json']] : [];
        const body = operation.body && Buffer.from(soundBody(drive.soundOf(operation)));
        const request = { method: operation.method, target, headers, body };
        const anonymous = await send(world.origin, request);
        if (operation.access === 'bearer')
          expect([operation.name, anonymous.status]).toEqual([operation.name, 401]);
        // Public, and no sign-in either: it looks at no bearer. OAuth's own takes none, and refuses in its own words.
        else if (operation.access === 'public' && (anonymous.status !== 401 || isOauth(operation))) continue;
        opened.push({ operation, request });
      }
      const driven = opened.length;
      const changes = await drive.changesOf(async () => {
        for (const { operation, request } of opened) {
          await holds(
            operation.name,
            forgeries(world.genuine),
            async ([what, authorization]) => {
              const headers = [...request.headers, ['authorization', authorization] as const];
              const forged = { ...request, headers };
              const answer = await drive.attempt({ what, request: forged, answer: [401] }, operation);
              bodies.add(withoutTrace(answer.text));
            },
            drive.runs,
          );
        }
      });
      expect(changes).toEqual([]);
      expect(driven).toBeGreaterThanOrEqual(10);
      expect([...bodies]).toEqual([
        '{"error":{"code":"UNAUTHENTICATED","message":"Authentication is required.","trace_id":"","timestamp":""}}',
      ]);
    },
    PATIENCE_MS,
  );

  it("gives nothing for another tenant's ids in a body or in X-Tenant-Id", async () => {
    const changes = await drive.changesOf(async () => {
      for (const operation of world.operations.filter((one) => one.access !== 'public')) {
        const cases = foreignCases(drive.soundOf(operation), world);
        for (const one of cases) await drive.attempt(one, operation);
      }
    });
    expect(changes).toEqual([]);
  });

  it(
    'knows no path and no method but its own',
    async () => {
      const changes = await drive.changesOf(() =>
        holds(
          'elsewhere',
          elsewhere(world.operations),
          async ([method, target]) => {
            const answer = await send(world.origin, { method, target, headers: [] });
            // OPTIONS asks about origins, not about what is there.
            if (method === 'OPTIONS' && answer.status === 204) return;
            // The front door leads to a page, however it is asked for.
            if (isFrontDoor(target) && answer.status === 303 && answer.headers.location === '/account')
              return;
            const faults =
              method === 'HEAD' && answer.status === 404 ? [] : faultsOf(answer, world.forbidden);
            expect({ method, target, status: answer.status, text: answer.text, faults }).toMatchObject({
              faults: [],
            });
          },
          300,
        ),
      );
      expect(changes).toEqual([]);
    },
    PATIENCE_MS,
  );

  it('still serves both of them afterwards', async () => {
    const api = `${world.origin.origin}/api/v1`;
    // Among what the document allows is that the attacker asks their own organisation for a second factor.
    await succeed(`${api}/tenant/settings`, {
      method: 'PATCH',
      bearer: world.attacker.accessToken,
      body: { second_factor_required: false },
    });
    for (const { accessToken, seat, refreshToken } of [world.attacker, world.victim]) {
      await succeed(`${api}/auth/me`, { bearer: accessToken });
      await succeed(`${api}/licenses/heartbeat`, { method: 'PUT', body: { session_id: seat } });
      await succeed(`${api}/auth/refresh`, { body: { refresh_token: refreshToken } });
    }
    expect(await succeed(`${world.origin.origin}/health/ready`)).toMatchObject({ status: 'ready' });
  });
});

/** A target may name the server too (RFC 9112, section 3.2.2): what it names decides nothing. */
const isFrontDoor = (target: string) =>
  URL.canParse(target, world.origin.href) && new URL(target, world.origin).pathname === '/';

const withoutTrace = (text: string) =>
  text.replace(/"trace_id":"[^"]*"/, '"trace_id":""').replace(/"timestamp":"[^"]*"/, '"timestamp":""');
