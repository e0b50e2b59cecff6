import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { quotaMiddleware } from '#sdk';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { changeLicense } from '../support/license-terms.js';
import { roomIn } from '../support/patience.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  type RegisteredBody,
  type SeatBody,
  signUp,
  succeed,
} from '../support/person.js';
import type { ProductProcess } from '../support/product.js';

interface UsageBody {
  meter: string;
  limit: number | null;
  used: number;
  remaining: number | null;
  resets_at: string | null;
}

const DAY = 86_400_000;

const product = journeyProduct();
let second: ProductProcess;
const redis = () => product.redisClient();

beforeAll(async () => {
  second = await product.startApi();
  // What is counted by day is counted in one.
  await roomIn(DAY, 90_000);
});

const usageAt = (url: string) => `${url}/api/v1/licenses/usage`;
const use = (body: object, options: { bearer?: string; at?: string } = {}) =>
  call<UsageBody & ErrorBody>(usageAt(options.at ?? product.api.url), {
    bearer: options.bearer,
    body: { meter: 'commands', amount: 1, ...body },
  });
const left = (owner: RegisteredBody) =>
  succeed<UsageBody>(`${usageAt(product.api.url)}?meter=commands`, { bearer: owner.access_token });
/** As many uses at once, on both processes, each by one of these proofs in turn. */
const storm = async (count: number, proofs: [object, { bearer?: string }?][]) => {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, n) => {
      const [body, options] = proofs[n % proofs.length]!;
      return use(body, { ...options, at: (n % 2 ? second : product.api).url });
    }),
  );
  return {
    counted: answers.filter((answer) => answer.status === 200),
    refused: answers.filter((answer) => answer.status === 429),
  };
};
const nextMidnight = () => new Date(Math.floor(Date.now() / DAY + 1) * DAY).toISOString();
const inLedger = async (owner: RegisteredBody) => {
  const rows = await product.query<{ sum: number }>(
    'select coalesce(sum(amount), 0)::int as sum from licensing.usage_ledger where license_id = $1',
    [owner.license.id],
  );
  return rows[0]!.sum;
};

describe('the quota of Free (S1-42..44)', () => {
  it('is 10 commands a day: of 50 at once, by every proof there is, exactly 10 pass', async () => {
    const owner = await signUp(product.api.url);
    const license_key = owner.license.key;
    const { session_id } = await succeed<SeatBody>(`${product.v1}/licenses/acquire`, {
      body: { hardware_id: 'laptop', license_key },
    });
    const resets_at = nextMidnight();
    expect(await left(owner)).toEqual({ meter: 'commands', limit: 10, used: 0, remaining: 10, resets_at });

    const { counted, refused } = await storm(50, [
      [{ license_key }],
      [{ session_id }],
      [{}, { bearer: owner.access_token }],
    ]);
    expect(counted.map((answer) => answer.body.used).sort((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    expect(refused).toHaveLength(40);
    for (const { body, headers } of refused) {
      expect(body.error).toMatchObject({
        code: 'QUOTA_EXHAUSTED',
        details: { meter: 'commands', limit: 10, used: 10, remaining: 0, resets_at },
      });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(3_600);
    }
    expect(await left(owner)).toMatchObject({ used: 10, remaining: 0 });

    // Heard of in the trail: the first refusal at once, not each of them.
    const trail = await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.v1}/audit?action=QUOTA_EXHAUSTED`, {
        bearer: owner.access_token,
      });
      return data.length > 0 && data;
    });
    expect(trail.length).toBeLessThanOrEqual(2);
    expect(trail[0]).toMatchObject({
      outcome: 'refused',
      subject: owner.license.id,
      metadata: { meter: 'commands', count: 1 },
    });
  });

  it('counts a repeated report once, and gives it the same answer', async () => {
    const owner = await signUp(product.api.url);
    const body = { license_key: owner.license.key, amount: 4, idempotency_key: randomUUID() };
    const { counted } = await storm(20, [[body]]);
    expect(new Set(counted.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(await left(owner)).toMatchObject({ used: 4 });
    const other = await use({ ...body, amount: 5 });
    expect([other.status, other.body.error.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('resets at the midnight that the tenant has chosen', async () => {
    const owner = await signUp(product.api.url);
    await use({ license_key: owner.license.key, amount: 2 });
    await succeed(`${product.v1}/licenses/settings`, {
      method: 'PATCH',
      bearer: owner.access_token,
      body: { time_zone: 'Asia/Kolkata' },
    });
    // Half past six in the evening, UTC.
    await eventually(async () => expect((await left(owner)).resets_at).toMatch(/T18:30:00\.000Z$/));
    const { body } = await use({ license_key: owner.license.key });
    expect(body).toMatchObject({ used: 3, remaining: 7 });
    expect(body.resets_at).toMatch(/T18:30:00\.000Z$/);
  });

  it('is told what was used offline: for its day, and beyond the limit', async () => {
    const owner = await signUp(product.api.url);
    const license_key = owner.license.key;
    const told = (daysAgo: number, amount: number) =>
      use({
        ...{ license_key, amount, idempotency_key: randomUUID() },
        at: new Date(Date.now() - daysAgo * DAY).toISOString(),
      });
    expect((await told(2, 14)).body).toMatchObject({ used: 14, remaining: 0 });
    expect((await told(0, 12)).body).toMatchObject({ used: 12, remaining: 0 });
    expect((await use({ license_key })).status).toBe(429);
    expect((await told(9, 1)).body.error.code).toBe('USE_OUT_OF_RANGE');
    const keyless = await use({ license_key, at: new Date().toISOString() });
    expect([keyless.status, keyless.body.error.code]).toEqual([422, 'VALIDATION_FAILED']);
    await eventually(async () => (await inLedger(owner)) === 26);
  });

  it('refuses whoever has no right to count, and says why', async () => {
    const owner = await signUp(product.api.url);
    const stranger = await signUp(product.api.url);
    const license_key = owner.license.key;
    const v1 = `${product.v1}/licenses`;
    const { session_id } = await succeed<SeatBody>(`${v1}/acquire`, {
      body: { hardware_id: 'a', license_key },
    });
    await succeed(`${v1}/release`, { method: 'DELETE', body: { session_id } });
    const code = async (answer: ReturnType<typeof use>) => {
      const { status, body } = await answer;
      return `${status} ${body.error.code}`;
    };
    const other = session_id.slice(0, -2) + (session_id.endsWith('AA') ? 'BA' : 'AA');
    expect(await code(use({}))).toBe('401 UNAUTHENTICATED');
    expect(await code(use({ session_id }))).toBe('409 SEAT_NOT_HELD');
    expect(await code(use({ session_id: other }))).toBe('401 UNAUTHENTICATED');
    expect(await code(use({ license_key }, { bearer: stranger.access_token }))).toBe('404 NOT_FOUND');
    expect(await code(use({ license_id: owner.license.id }, { bearer: stranger.access_token }))).toBe(
      '404 NOT_FOUND',
    );
    expect(await code(use({ license_key, license_id: stranger.license.id }))).toBe('422 LICENSE_MISMATCH');
    expect(await code(use({ license_key, meter: 'tokens' }))).toBe('422 METER_UNKNOWN');
    expect(await code(use({ license_key, amount: 0 }))).toBe('422 VALIDATION_FAILED');
    await changeLicense(product, owner.license.id, {}, { status: 'suspended' });
    expect(await code(use({ license_key }))).toBe('403 LICENSE_SUSPENDED');
    expect((await left(stranger)).used).toBe(0);
  });

  it('holds behind a vendor’s own server, which counts each request of its customers', async () => {
    const owner = await signUp(product.api.url);
    const count = quotaMiddleware({ url: product.api.url, meter: 'commands' });
    const vendor = createServer((request, response) =>
      count(request, response, (error) => response.writeHead(error ? 500 : 200).end('{}')),
    ).listen(0, '127.0.0.1');
    try {
      await once(vendor, 'listening');
      const url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}/convert`;
      const statuses = await Promise.all(
        Array.from({ length: 30 }, async (_, n) => {
          const key = { 'X-License-Key': owner.license.key! };
          const headers = n % 2 ? key : { Authorization: `Bearer ${owner.access_token}` };
          return (await fetch(url, { method: 'POST', headers })).status;
        }),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(10);
      expect(statuses.filter((status) => status === 429)).toHaveLength(20);
      expect((await left(owner)).remaining).toBe(0);
      expect((await fetch(url, { method: 'POST' })).status).toBe(401);
    } finally {
      vendor.close();
    }
  });

  it('costs no statement to Postgres when warm, with keys and without, and by a person’s bearer', async () => {
    const owner = await signUp(product.api.url);
    const license_key = owner.license.key;
    const terms = { meters: { commands: { limit: null, period: 'day', billed: false } } };
    await changeLicense(product, owner.license.id, terms);
    // Nothing but the API shall speak to Postgres while we count; after a loss of Redis it writes down what it remembers.
    await product.worker.stop();
    await product.query('create extension if not exists pg_stat_statements');
    const statements = async () => {
      const rows = await product.query<{ calls: number; query: string }>(
        `select sum(s.calls)::int as calls, s.query
         from pg_stat_statements s join pg_roles r on r.oid = s.userid join pg_database d on d.oid = s.dbid
         where r.rolname = 'gatehouse_app' and d.datname = current_database() group by s.query`,
      );
      return new Map(rows.map((row) => [row.query, row.calls]));
    };
    const round = async () => {
      for (const url of [product.api.url, second.url]) {
        const idempotency_key = randomUUID();
        for (const body of [
          { license_key },
          { license_key, idempotency_key },
          { license_key, idempotency_key },
        ])
          expect((await use(body, { at: url })).status).toBe(200);
        expect((await use({}, { at: url, bearer: owner.access_token })).status).toBe(200);
      }
    };
    const since = async (before: Map<string, number>) =>
      [...(await statements())].filter(([query, calls]) => calls > (before.get(query) ?? 0));
    const cold = await statements();
    await round();
    expect(await since(cold)).not.toEqual([]);
    const warm = await statements();
    for (let i = 0; i < 5; i++) await round();
    expect(await since(warm)).toEqual([]);
    await product.startWorker();
  });

  it('goes on where it was when Redis is emptied', async () => {
    // No seat is given in this product from here on: who held one before may still believe it.
    const owner = await signUp(product.api.url);
    const license_key = owner.license.key;
    const idempotency_key = randomUUID();
    const kept = await use({ license_key, amount: 3, idempotency_key });
    await use({ license_key, amount: 4 });
    await eventually(async () => (await inLedger(owner)) === 7);
    await redis().flushall();

    expect((await use({ license_key, amount: 3, idempotency_key })).body).toEqual(kept.body);
    const { counted, refused } = await storm(50, [[{ license_key }]]);
    expect([counted.length, refused.length]).toEqual([3, 47]);
    await eventually(async () => (await inLedger(owner)) === 10);
  });
});
