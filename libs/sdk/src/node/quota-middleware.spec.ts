import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json, refusal, ScriptedServer } from '../testing/scripted-server.js';
import { quotaMiddleware, type QuotaMiddlewareOptions } from './quota-middleware.js';

const USAGE = { meter: 'commands', limit: 10, used: 3, remaining: 7, resets_at: '2026-11-23T00:00:00.000Z' };
const KEY = { 'X-License-Key': 'GH-FREE-0123456789AB-3A5F' };
const ROUTE = 'POST /licenses/usage';

describe('a vendor’s route behind a quota', () => {
  const running: Server[] = [];
  afterEach(() => running.splice(0).forEach((server) => server.close()));

  /** A vendor's server with one route behind the middleware, and the Gatehouse it asks. */
  async function vendor(options: Partial<QuotaMiddlewareOptions> = {}) {
    const gatehouse = new ScriptedServer(Date.now);
    gatehouse.answer(ROUTE, () => json(200, USAGE));
    const meter = quotaMiddleware({
      ...{ url: 'http://127.0.0.1:1', fetch: gatehouse.fetch, meter: 'commands' },
      ...options,
    });
    const served: (string | undefined)[] = [];
    const server = createServer((request, response) =>
      meter(request, response, (error) => {
        served.push(request.url);
        response.statusCode = error ? 500 : 200;
        response.end('done');
      }),
    );
    running.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/convert`;
    const ask = (headers: Record<string, string> = KEY) => fetch(url, { method: 'POST', headers });
    return { gatehouse, served, ask };
  }

  it('runs when the use was counted, for a key or a bearer', async () => {
    const used: unknown[] = [];
    const { gatehouse, served, ask } = await vendor({
      amount: () => 2,
      onUse: (_: IncomingMessage, usage) => used.push(usage.remaining),
    });
    expect((await ask()).status).toBe(200);
    expect((await ask({ Authorization: 'Bearer token' })).status).toBe(200);
    const [byKey, byBearer] = gatehouse.calls('/licenses/usage');
    expect(byKey!.body).toEqual({ meter: 'commands', amount: 2, license_key: KEY['X-License-Key'] });
    expect(byKey!.headers.get('authorization')).toBeNull();
    expect(byBearer!.body).toEqual({ meter: 'commands', amount: 2 });
    expect(byBearer!.headers.get('authorization')).toBe('Bearer token');
    expect([served.length, used]).toEqual([2, [7, 7]]);
  });

  it('answers 429 with when to come again, and does not run', async () => {
    const { gatehouse, served, ask } = await vendor();
    gatehouse.answer(ROUTE, () => refusal(429, 'QUOTA_EXHAUSTED', USAGE, { 'retry-after': '60' }));
    const answer = await ask();
    expect([answer.status, answer.headers.get('retry-after'), served]).toEqual([429, '60', []]);
    expect(await answer.json()).toMatchObject({ error: { code: 'QUOTA_EXHAUSTED', details: USAGE } });
  });

  it('refuses whom nobody knows, and leaves what is our own fault to the vendor', async () => {
    const { gatehouse, served, ask } = await vendor();
    const nobody = await ask({});
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    gatehouse.answer(ROUTE, () => refusal(404, 'NOT_FOUND'));
    expect((await ask()).status).toBe(403);
    gatehouse.answer(ROUTE, () => refusal(403, 'LICENSE_SUSPENDED'));
    expect(await (await ask()).json()).toMatchObject({ error: { code: 'LICENSE_SUSPENDED' } });
    expect(served).toEqual([]);
    gatehouse.answer(ROUTE, () => refusal(422, 'METER_UNKNOWN'));
    expect([(await ask()).status, served.length]).toEqual([500, 1]);
  });

  // It was an unhandled rejection, which ends the process, and no answer.
  it('leaves what its own listener throws to the vendor', async () => {
    const { served, ask } = await vendor({
      onUse: () => {
        throw new Error('mine');
      },
    });
    expect([(await ask()).status, served.length]).toEqual([500, 1]);
  });

  it('is closed while Gatehouse is away, unless the vendor would rather serve', async () => {
    for (const whenUnreachable of [undefined, 'serve'] as const) {
      const { gatehouse, served, ask } = await vendor({ whenUnreachable });
      gatehouse.goAway();
      const answer = await ask();
      if (whenUnreachable) expect([answer.status, served.length]).toEqual([200, 1]);
      else {
        expect([answer.status, answer.headers.get('retry-after'), served]).toEqual([503, '5', []]);
        expect(await answer.json()).toMatchObject({ error: { code: 'QUOTAS_UNAVAILABLE' } });
      }
    }
  });

  it('counts a repeated request once, by customer and path', async () => {
    const { gatehouse, ask } = await vendor();
    for (const more of [{}, {}, { 'X-License-Key': 'GH-FREE-BA9876543210-0000' }])
      await ask({ ...KEY, 'Idempotency-Key': 'once', ...more });
    await ask();
    const keys = gatehouse.calls('/licenses/usage').map((one) => one.body['idempotency_key']);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
    expect(keys[3]).toBeUndefined();
  });
});
