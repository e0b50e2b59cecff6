import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Postgres, startPostgres } from '../../apps/local/parts/postgres.js';
import { eventually } from '../support/eventually.js';
import { Client, type Sending } from '../support/load.js';
import { type AuditBody, call, type ErrorBody, signUp, succeed } from '../support/person.js';
import { type Product, startProduct } from '../support/product.js';

let directory: string;
let postgres: Postgres;
let product: Product;

beforeAll(async () => {
  // A server of its own: nobody else may be hit by its end.
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-outage-'));
  chmodSync(directory, 0o711);
  postgres = await startPostgres({ directory, durable: false });
  process.env.GATEHOUSE_TEST_POSTGRES_ADMIN_URL = postgres.adminUrl;
  product = await startProduct();
});

afterAll(async () => {
  await product?.stop();
  await postgres?.stop();
  postgres?.remove();
});

describe('a Postgres that ends and comes back under load', () => {
  it('costs 503s while it is away, never a 500 and no process; then everything goes on by itself', async () => {
    const { url } = product.api;
    const owner = await signUp(url);
    const bearer = owner.access_token;
    const sendings: Sending[] = [
      { path: '/api/v1/auth/me', bearer },
      { path: '/api/v1/licenses', bearer },
      { path: '/api/v1/audit', bearer },
      // Not rotated twice: a token whose successor is unused gives it again.
      { path: '/api/v1/auth/refresh', body: { refresh_token: owner.refresh_token } },
    ];
    let isOver = false;
    const clients = Array.from(
      { length: 8 },
      (_, i) => new Client([url], i % 2 === 0, (turn) => sendings[(i + turn) % sendings.length]!),
    );
    const running = clients.map((client) => client.run(() => isOver));
    const served = (status: number, since: readonly number[] = clients.map(() => 0)) =>
      clients.every(
        (client, i) => client.outcomes.slice(since[i]).filter((one) => one.status === status).length >= 5,
      );
    await eventually(() => served(200), { withinMs: 30_000 });

    await postgres.stop();
    await eventually(() => served(503), { withinMs: 20_000 });
    const refused = await call<ErrorBody>(`${url}/api/v1/auth/me`, { bearer });
    expect([refused.status, refused.body.error.code, refused.headers.get('retry-after')]).toEqual([
      503,
      'UNAVAILABLE',
      '1',
    ]);
    expect((await call(`${url}/health/ready`)).status).toBe(503);
    expect((await call(`${url}/health/live`)).status).toBe(200);

    postgres = await startPostgres({ directory, durable: false, port: postgres.port });
    const back = clients.map((client) => client.outcomes.length);
    await eventually(() => served(200, back), { withinMs: 30_000 });
    isOver = true;
    const outcomes = (await Promise.all(running)).flat();
    expect(outcomes.filter((one) => one.ended !== 'answered')).toEqual([]);
    expect([...new Set(outcomes.map((one) => one.status))].sort()).toEqual([200, 503]);
    // From the first success on there is no 503 for long: the pools have thrown their dead connections away.
    await eventually(async () => expect((await call(`${url}/health/ready`)).status).toBe(200));
  });

  it('holds up the worker no longer than that', async () => {
    const { access_token: bearer } = await signUp(product.api.url);
    await eventually(
      async () => {
        const { data } = await succeed<AuditBody>(`${product.api.url}/api/v1/audit`, { bearer });
        expect(data).toHaveLength(6);
      },
      { withinMs: 20_000 },
    );
  });
});
