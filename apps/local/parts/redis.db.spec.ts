import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis as Client } from 'ioredis';
import { startRedis } from './redis.js';
import { supports } from './redis-server.js';

describe('a Redis of our own', () => {
  const options = () => ({
    directory: mkdtempSync(join(tmpdir(), 'redis-')),
    server: process.env.GATEHOUSE_TEST_REDIS_SERVER,
  });

  it('asks for its password and is gone when stopped', async () => {
    const redis = await startRedis({ ...options(), durable: false });
    const stranger = new Client(redis.port, '127.0.0.1', { lazyConnect: true, retryStrategy: null });
    stranger.on('error', () => {});
    const friend = new Client(redis.url);
    expect(await friend.ping()).toBe('PONG');
    await expect(stranger.ping()).rejects.toThrow(/NOAUTH|Connection is closed/);
    friend.disconnect();
    stranger.disconnect();

    await redis.stop();
    expect(await redis.ended).toBe('exited with code 0');
    expect(() => process.kill(redis.pid, 0)).toThrow();
  });

  it('comes back with its data at the same address when it was stopped hard', async () => {
    const where = options();
    const first = await startRedis({ ...where, settings: ['appendfsync always'] });
    const client = new Client(first.url);
    await client.set('kept', 'yes');
    client.disconnect();
    await first.kill();

    const second = await startRedis({ ...where, port: first.port, password: first.password });
    expect(second.url).toBe(first.url);
    const again = new Client(second.url);
    expect(await again.get('kept')).toBe('yes');
    again.disconnect();
    await second.stop();
  });

  it('takes another port when the one it had is in use', async () => {
    const first = await startRedis({ ...options(), durable: false });
    const second = await startRedis({ ...options(), durable: false, port: first.port });
    expect(second.port).not.toBe(first.port);
    await Promise.all([first.stop(), second.stop()]);
  });

  it.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', true],
    ['Valkey server v=8.1.1 sha=00000000:0', true],
    ['Redis server v=6.2.0 sha=0', true],
    ['Redis server v=6.0.16 sha=0', false],
    ['something else', false],
  ])('judges the version of "%s"', (version, expected) => {
    expect(supports(version)).toBe(expected);
  });
});
