import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { generateSecrets } from '#platform';
import { program } from '../../apps/local/paths.js';
import { type Child, startChild } from '../../apps/local/processes/child.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { INHERITED } from '../support/environment.js';
import { eventually } from '../support/eventually.js';
import { testRedis, type TestRedis } from '../support/redis.js';

describe('the worker process', () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let worker: Child;

  const startWorker = (settings: Record<string, string> = {}) =>
    startChild({
      name: 'The worker',
      command: process.execPath,
      args: [program('apps/worker/main.js')],
      env: {
        ...INHERITED,
        ENV: 'test',
        WORKER_PORT: '0',
        BASE_URL: 'http://127.0.0.1',
        DATABASE_URL: database.url,
        DATABASE_SYSTEM_URL: database.systemUrl,
        REDIS_URL: redis.url,
        MAIL_TRANSPORT: 'console',
        MAIL_FROM: 'gatehouse@example.com',
        ...generateSecrets(),
        ...settings,
      },
      logFile: join(mkdtempSync(join(tmpdir(), 'worker-')), 'worker.log'),
      ready: 'message',
    });
  const probe = (path: string, method = 'GET') => fetch(`${String(worker.message.url)}${path}`, { method });
  const readiness = async () => {
    const answer = await probe('/health/ready');
    const { checks } = (await answer.json()) as {
      checks: { database: { status: string }; redis: { queues: { status: string } } };
    };
    return { status: answer.status, database: checks.database.status, redis: checks.redis.queues.status };
  };

  beforeAll(async () => {
    [database, redis] = await Promise.all([testDatabase(), testRedis()]);
    worker = await startWorker();
  });
  afterAll(async () => {
    await worker.kill();
    await Promise.all([database.drop(), redis.drop()]);
  });

  it('answers probes and nothing else', async () => {
    expect((await probe('/health/live')).status).toBe(200);
    expect(await readiness()).toEqual({ status: 200, database: 'up', redis: 'up' });
    expect((await probe('/api/v1/auth/me')).status).toBe(404);
    expect((await probe('/health/live', 'POST')).status).toBe(405);
  });

  it('measures the bus', async () => {
    const lines = (await (await probe('/metrics')).text()).split('\n');
    const names = lines.filter((line) => !line.startsWith('#')).map((line) => line.split(' ', 1)[0]);
    expect(names).toEqual(
      expect.arrayContaining([
        'outbox_lag_seconds',
        'events_published_total',
        'dead_letters',
        'process_cpu_seconds_total',
      ]),
    );
  });

  it('says in one sentence that its port is taken', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    await expect(startWorker({ WORKER_PORT: `${port}` })).rejects.toThrow(String(port));
    squatter.close();
  });

  it('is ready without Redis, and not without Postgres; stops all the same when it is told to', async () => {
    await redis.kill();
    await eventually(async () =>
      expect(await readiness()).toEqual({ status: 200, database: 'up', redis: 'down' }),
    );
    await database.drop();
    await eventually(async () =>
      expect(await readiness()).toEqual({ status: 503, database: 'down', redis: 'down' }),
    );
    expect((await probe('/health/live')).status).toBe(200);

    await worker.stop();
    expect(await worker.ended).toBe('exited with code 0');
  });
});
