import { loadConfig } from '../config/config.js';
import { readEnvironment } from '../config/environment.js';
import { RedisConfig } from './redis.config.js';

const read = (settings: Record<string, string>) => () =>
  loadConfig([RedisConfig], readEnvironment({ ENV: 'test', REDIS_URL: 'redis://one', ...settings })).of(
    RedisConfig,
  );

describe('the settings of Redis', () => {
  it('name nodes of a cluster for the seats', () => {
    const several = { REDIS_SEATS_URL: 'redis://a:7000, redis://b:7001' };
    expect(read({ ...several, REDIS_SEATS_CLUSTER: 'true' })()).toMatchObject({ seatsCluster: true });
    expect(read(several)).toThrow('REDIS_SEATS_CLUSTER=true');
  });

  it('need the nodes of a cluster, and each to be a URL', () => {
    expect(read({ REDIS_SEATS_CLUSTER: 'true' })).toThrow('it needs REDIS_SEATS_URL');
    expect(read({ REDIS_SEATS_URL: 'redis://a,b', REDIS_SEATS_CLUSTER: 'true' })).toThrow('REDIS_SEATS_URL');
  });

  it('ask in production for TLS and a password of every node', () => {
    const settings = {
      ENV: 'production',
      REDIS_URL: 'rediss://:8f2c1d7e9a3b5c6d@one',
      REDIS_SEATS_URL: 'rediss://:8f2c1d7e9a3b5c6d@a,redis://b',
      REDIS_SEATS_CLUSTER: 'true',
    };
    expect(read(settings)).toThrow(/REDIS_SEATS_URL: production needs a password[\s\S]*needs TLS/);
  });
});
