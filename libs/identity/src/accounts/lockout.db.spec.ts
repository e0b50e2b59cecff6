import { randomBytes } from 'node:crypto';
import { generateSecrets, loadConfig, type RedisConfig, RedisClients, RuntimeConfig } from '#platform';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { AccountLimits, AccountsConfig } from './accounts.config.js';
import { Lockout, networkOf } from './lockout.js';

const HOME = '192.0.2.7';
const NEIGHBOUR = '192.0.2.200';
const AWAY = '198.51.100.4';

const config = {
  addressKey: randomBytes(32),
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
  const fail = (who: Buffer, address: string, deviceId?: string, at = lockout) =>
    at.begin(who, { address, deviceId }).then(
      () => 0,
      (error: { retryAfterSeconds: number }) => error.retryAfterSeconds,
    );
  const signIn = async (who: Buffer, address: string, deviceId?: string) =>
    (await lockout.begin(who, { address, deviceId })).succeeded();
  /** So many seconds go by for everything that Redis keeps. */
  const pass = async (seconds: number) => {
    const redis = clients.for('limits');
    for (const key of await redis.keys('auth:*')) {
      const left = (await redis.pttl(key)) - seconds * 1_000;
      await (left > 0 ? redis.pexpire(key, left) : redis.del(key));
    }
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
      await pass(waits.at(-1)!);
      expect(await fail(who, HOME)).toBe(0);
    }
    expect(waits).toEqual([30, 60, 100, 100]);
  });

  describe('with the settings that are in force unless others are set', () => {
    const inForce = (env: string) => {
      const values = new Map(Object.entries({ ...generateSecrets(), ENV: env }));
      const read = { get: (name: string) => values.get(name), names: () => [] };
      const settings = loadConfig([RuntimeConfig, AccountsConfig], read);
      const [runtime, accounts] = [settings.of(RuntimeConfig), settings.of(AccountsConfig)];
      return new Lockout(clients, accounts, new AccountLimits(accounts, runtime));
    };
    /** Guesses whenever it may again: how long it had to wait each time. */
    const waitsOf = async (times: number, guess: () => Promise<number>) => {
      const waits: number[] = [];
      while (waits.length < times) {
        const wait = await guess();
        if (wait === 0) continue;
        waits.push(wait);
        await pass(wait);
      }
      return waits;
    };

    it('stays at the longest wait for an account, until it was left alone for the window', async () => {
      const [who, normal] = [account(), inForce('staging')];
      const guess = () => fail(who, HOME, undefined, normal);
      expect(await waitsOf(9, guess)).toEqual([30, 60, 120, 240, 480, 900, 900, 900, 900]);
      await pass(899);
      expect([await guess(), await guess()]).toEqual([0, 900]);
      await pass(900 + 900);
      const again = [];
      for (let i = 0; i < 6; i++) again.push(await guess());
      expect(again).toEqual([0, 0, 0, 0, 0, 30]);
    });

    it('stays at the longest wait for a network, which is longer than the window', async () => {
      const normal = inForce('staging');
      const waits = await waitsOf(9, () => fail(account(), HOME, undefined, normal));
      expect(waits).toEqual([60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
    });
  });

  it('forgets what an account failed from a network once it signs in there', async () => {
    const who = account();
    await fail(who, HOME);
    await fail(who, HOME);
    await signIn(who, NEIGHBOUR);
    for (let i = 0; i < 3; i++) expect(await fail(who, HOME)).toBe(0);
    expect(await fail(who, HOME)).toBe(30);
  });

  it('does not let strangers lock a person out of where they sign in from', async () => {
    const who = account();
    await signIn(who, HOME);
    // Four times the threshold, from as many networks.
    for (let i = 0; i < 12; i++) expect(await fail(who, `203.0.${i}.1`)).toBe(0);
    expect(await fail(who, AWAY)).toBe(30);
    await signIn(who, HOME);
    expect(await fail(who, AWAY)).toBe(30);
  });

  it('does not let a neighbour who tries many accounts lock out who is known in that network', async () => {
    const [who, colleague] = [account(), account()];
    await signIn(who, HOME);
    await signIn(colleague, HOME);
    for (let i = 0; i < 10; i++) expect(await fail(account(), NEIGHBOUR)).toBe(0);
    expect(await fail(account(), NEIGHBOUR)).toBe(60);
    await signIn(who, HOME);

    // Who tries those who are known there slows them down, and no longer than a guess at their own account would.
    for (let i = 0; i < 10; i++) {
      const other = account();
      const mark = `auth:known:${other.toString('base64url')}:${networkOf(HOME)}`;
      await clients.for('limits').set(mark, '1');
      expect(await fail(other, NEIGHBOUR)).toBe(0);
    }
    expect(await fail(who, HOME)).toBe(60);
    await pass(60);
    expect(await fail(colleague, NEIGHBOUR)).toBe(0);
    expect(await fail(who, HOME)).toBe(100);
  });

  it('binds a device that an account is known by to its own guesses, wherever it is', async () => {
    const [who, device] = [account(), 'a-device-of-my-own-1'];
    await signIn(who, HOME, device);
    for (let i = 0; i < 3; i++) expect(await fail(who, AWAY)).toBe(0);
    for (let i = 0; i < 7; i++) expect(await fail(account(), AWAY)).toBe(0);
    expect(await fail(who, AWAY)).toBe(60);
    expect(await fail(who, AWAY, 'a-device-of-another-1')).toBe(60);
    expect(await fail(account(), AWAY, device)).toBe(60);
    await signIn(who, AWAY, device);

    for (let i = 0; i < 3; i++) expect(await fail(who, AWAY, device)).toBe(0);
    expect(await fail(who, HOME, device)).toBe(30);
    expect(await fail(who, HOME)).toBe(0);
  });

  it('throttles a network that tries many accounts, whatever accounts of its own it signs in to (S2-37)', async () => {
    const own = account();
    for (let i = 0; i < 9; i++) {
      expect(await fail(account(), HOME)).toBe(0);
      await signIn(own, NEIGHBOUR);
    }
    expect(await fail(account(), HOME)).toBe(0);
    expect(await fail(account(), NEIGHBOUR)).toBe(60);
    expect(await fail(account(), AWAY)).toBe(0);
  });

  it('takes back what was no guess', async () => {
    const who = account();
    for (let i = 0; i < 20; i++) await (await lockout.begin(who, { address: HOME })).undo();
    expect(await fail(who, HOME)).toBe(0);
  });

  it('takes back the wait, too, of what was no guess', async () => {
    for (let i = 0; i < 10; i++) expect(await fail(account(), HOME)).toBe(0);
    await pass(60);
    // An office in which many mistyped: who signs in there for the first time makes nobody wait.
    for (let i = 0; i < 5; i++) await signIn(account(), HOME);
    expect(await fail(account(), NEIGHBOUR)).toBe(0);
  });

  it('goes on in this process while Redis is away', async () => {
    await server.kill();
    const who = account();
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) await (await lockout.begin(who, { address: HOME })).undo();
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
