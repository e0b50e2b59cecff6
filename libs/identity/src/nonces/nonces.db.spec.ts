import { RedisClients, type RedisConfig } from '#platform';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { Nonces } from './nonces.js';

let redis: TestRedis;
let clients: RedisClients;
let others: RedisClients;

beforeAll(async () => {
  redis = await testRedis();
  const config = { url: redis.url } as RedisConfig;
  clients = new RedisClients(config);
  others = new RedisClients(config);
});
afterAll(async () => {
  clients?.onApplicationShutdown();
  others?.onApplicationShutdown();
  await redis?.drop();
});

describe('nonces (S2-17)', () => {
  const nonces = () => new Nonces(clients);

  it('are used up by exactly one of many, in whatever process', async () => {
    const processes = [nonces(), new Nonces(others)];
    const tries = Array.from({ length: 100 }, (_, i) => processes[i % 2]!.use('issue', 'one', 300));
    expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
  });

  it('are others for another purpose, and whoever else comes first', async () => {
    expect(await nonces().use('client-assertion', 'two', 60)).toBe(true);
    expect(await nonces().use('issue', 'two', 60)).toBe(true);
    expect(await nonces().use('issue', 'two ', 60)).toBe(true);
    expect(await nonces().use('issue', 'two', 60)).toBe(false);
  });

  it('are kept under auth:nonce:, for five minutes at most, without what was sent', async () => {
    await nonces().use('issue', 'x'.repeat(10_000), 300);
    const client = clients.for('nonces');
    const keys = await client.keys('*');
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatch(/^auth:nonce:(issue|client-assertion):[\w-]{43}$/);
      const ttl = await client.ttl(key);
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(300);
    }
    for (const seconds of [301, 0, -1, Number.NaN])
      await expect(nonces().use('issue', 'three', seconds)).rejects.toThrow('1 to 300 seconds');
  });

  it('are answered by nobody while Redis is away', async () => {
    await redis.kill();
    try {
      await expect(nonces().use('issue', 'four', 60)).rejects.toMatchObject({
        status: 503,
        code: 'UNAVAILABLE',
      });
    } finally {
      await redis.start();
    }
  });
});
