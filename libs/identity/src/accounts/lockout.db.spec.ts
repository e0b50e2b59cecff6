import { randomBytes } from 'node:crypto';
import { type RedisConfig, RedisClients } from '#platform';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import type { AccountLimits, AccountsConfig } from './accounts.config.js';
import { Lockout, networkOf } from './lockout.js';

const HOME = '192.0.2.7';
const NEIGHBOUR = '192.0.2.200';
const AWAY = '198.51.100.4';

const config = {
  lockoutSeconds: 30,
  lockoutMaxSeconds: 100,
  ipLockoutSeconds: 60,
  ipLockoutMaxSeconds: 600,
  ipLockoutWindowSeconds: 900,
} as AccountsConfig;
const limits = { lockoutThreshold: 3, ipLockoutThreshold: 10 } as AccountLimits;

describe('the lockout', () => {
  let server: TestRedis;
  let clients: RedisClients;
  let lockout: Lockout;

  beforeAll(async () => {
    server = await testRedis();
    clients = new RedisClients({ url: server.url } as RedisConfig);
    lockout = new Lockout(clients, config, limits);
  });
  beforeEach(() => clients.for('limits').flushall());
  afterAll(async () => {
    clients.onApplicationShutdown();
    await server.drop();
  });

  const account = () => randomBytes(32);
  /** Seconds to wait, 0 when the attempt was let through (and failed). */
  const fail = (who: Buffer, address: string) =>
    lockout.begin(who, address).then(
      () => 0,
      (error: { retryAfterSeconds: number }) => error.retryAfterSeconds,
    );
  /** Lets every lock run out, and remembers what was counted. */
  const unlock = async () => {
    const redis = clients.for('limits');
    for (const key of await redis.keys('auth:locked:*')) await redis.del(key);
  };

  it('lets three guesses at once through of a hundred', async () => {
    const who = account();
    const waits = await Promise.all(Array.from({ length: 100 }, () => fail(who, HOME)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(3);
  });

  it('doubles the wait with each failure, up to a bound', async () => {
    const who = account();
    for (let i = 0; i < 3; i++) expect(await fail(who, HOME)).toBe(0);
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      waits.push(await fail(who, HOME));
      await unlock();
      expect(await fail(who, HOME)).toBe(0);
    }
    expect(waits).toEqual([30, 60, 100, 100]);
  });

  it('forgets what an account failed from a network once it signs in there', async () => {
    const who = account();
    await fail(who, HOME);
    await fail(who, HOME);
    await (await lockout.begin(who, NEIGHBOUR)).succeeded();
    for (let i = 0; i < 3; i++) expect(await fail(who, HOME)).toBe(0);
    expect(await fail(who, HOME)).toBe(30);
  });

  it('does not let strangers lock a person out of where they sign in from', async () => {
    const who = account();
    await (await lockout.begin(who, HOME)).succeeded();
    // Four times the threshold, from as many networks.
    for (let i = 0; i < 12; i++) expect(await fail(who, `203.0.${i}.1`)).toBe(0);
    expect(await fail(who, AWAY)).toBe(30);
    await (await lockout.begin(who, HOME)).succeeded();
    expect(await fail(who, AWAY)).toBe(30);
  });

  it('throttles a network that tries many accounts, whatever accounts of its own it signs in to (S2-37)', async () => {
    const own = account();
    for (let i = 0; i < 9; i++) {
      expect(await fail(account(), HOME)).toBe(0);
      await (await lockout.begin(own, NEIGHBOUR)).succeeded();
    }
    expect(await fail(account(), HOME)).toBe(0);
    expect(await fail(account(), NEIGHBOUR)).toBe(60);
    expect(await fail(account(), AWAY)).toBe(0);
  });

  it('takes back what was no guess', async () => {
    const who = account();
    for (let i = 0; i < 20; i++) await (await lockout.begin(who, HOME)).undo();
    expect(await fail(who, HOME)).toBe(0);
  });

  it('goes on in this process while Redis is away', async () => {
    await server.kill();
    const who = account();
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) waits.push(await fail(who, HOME));
    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    expect(Math.min(...waits.slice(3))).toBeGreaterThan(0);
    await server.start();
  });

  it('knows networks: IPv4 /24, IPv6 /64', () => {
    expect([HOME, '::ffff:192.0.2.9', '2001:db8:1:2:3::4', null].map(networkOf)).toEqual([
      '192.0.2.0/24',
      '192.0.2.0/24',
      '2001:db8:1:2::/64',
      'local',
    ]);
  });
});
