import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { newId, type RedisConfig, RedisClients } from '#platform';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { aPolicy } from '../testing/policies.js';
import { openShards } from '../testing/shards.js';
import { ledgerKey, poolKeys, SHARDS } from './pool-keys.js';
import { SeatPool } from './seat-pool.js';
import { newSeatId } from './session-id.js';

const CALLER = { userId: null, traceId: 'trace', address: null };

describe('refusals of a full pool', () => {
  let server: TestRedis;
  let redis: Redis;
  let clients: RedisClients;
  let pool: SeatPool;
  const place = { tenantId: newId('ten'), licenseId: newId('lic') };

  beforeAll(async () => {
    server = await testRedis();
    redis = new Redis(server.url);
    await openShards(redis);
    clients = new RedisClients({ url: server.url } as RedisConfig);
    pool = new SeatPool(clients);
    await pool.setPolicy(aPolicy(place));
  });
  afterAll(async () => {
    redis.disconnect();
    clients.onApplicationShutdown();
    await server.drop();
  });

  const ask = () =>
    pool.acquire({ ...place, device: randomBytes(16).toString('hex'), seatId: newSeatId() }, false, CALLER);

  /** How many refusals each entry of the ledger stands for, oldest first. */
  async function told(): Promise<number[]> {
    const streams = await Promise.all(
      Array.from({ length: SHARDS }, (_, shard) => redis.xrange(ledgerKey(shard), '-', '+')),
    );
    const entries = streams.flat().map(([, flat]) => new Map(flat.map((one, i) => [one, flat[i + 1]])));
    return entries.filter((one) => one.get('change') === 'refused').map((one) => Number(one.get('count')));
  }

  it('are told at once the first time, and then counted by the minute', async () => {
    expect((await ask()).outcome).toBe('held');
    for (let i = 0; i < 10; i++) expect((await ask()).outcome).toBe('full');
    const atOnce = await told();
    // Ten calls may stand on both sides of a minute's end.
    expect(atOnce.length).toBeLessThanOrEqual(3);

    const refused = poolKeys(place.licenseId)[7]!;
    const counted = Number(await redis.hget(refused, 'more'));
    await redis.hset(refused, 'minute', 1);
    await pool.sweep(place);
    expect(await told()).toEqual([...atOnce, counted]);
    expect((await told()).reduce((sum, count) => sum + count, 0)).toBe(10);
    expect(await redis.exists(refused)).toBe(0);
  });
});
