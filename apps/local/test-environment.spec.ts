import { externalParts, testEnvironment } from './test-environment.js';

const parts = {
  postgresAdminUrl: 'postgres://ours',
  redisUrl: 'redis://ours',
  redisServer: '/usr/bin/redis-server',
  firebaseUrl: 'http://127.0.0.1:1',
  smtpUrl: 'smtp://127.0.0.1:2',
  mailUrl: 'http://127.0.0.1:3',
  directory: '/tmp/gatehouse-test-x',
};

const caller = {
  PATH: '/usr/bin',
  HOME: '/home/someone',
  DATABASE_URL: 'postgres://live',
  DATABASE_ADMIN_URL: 'postgres://admin@live',
  REDIS_URL: 'redis://live',
  REDIS_SEATS_URL: 'redis://live-seats',
  STRIPE_WEBHOOK_SECRET: 'whsec_live',
  ENV: 'production',
  NODE_ENV: 'production',
  AUTH_SIGNING_KEY_FILE: '/run/secrets/key',
};

describe('the environment of a test run', () => {
  it('holds none of the product settings of the caller', () => {
    const environment = testEnvironment(caller, parts);

    expect(environment).toMatchObject({ PATH: '/usr/bin', HOME: '/home/someone' });
    expect(
      Object.keys(environment).filter((name) => /DATABASE|^REDIS|STRIPE|ENV$|AUTH|KEY/.test(name)),
    ).toEqual([]);
    expect(JSON.stringify(environment)).not.toContain('live');
  });

  it('says where the parts are', () => {
    expect(testEnvironment({}, parts)).toMatchObject({
      GATEHOUSE_TEST_POSTGRES_ADMIN_URL: 'postgres://ours',
      GATEHOUSE_TEST_REDIS_URL: 'redis://ours',
      TMPDIR: '/tmp/gatehouse-test-x',
    });
  });
});

describe("the caller's own parts", () => {
  it('are ignored', () => {
    expect(externalParts(caller, ['test'])).toEqual({});
  });

  it.each([
    [caller, ['--use-external']],
    [{ ...caller, GATEHOUSE_TEST_EXTERNAL: '1' }, []],
  ])('are used when asked for', (environment, args) => {
    expect(externalParts(environment, args)).toMatchObject({
      postgresAdminUrl: 'postgres://admin@live',
      redisUrl: 'redis://live',
    });
  });

  it('are started here when the switch is set and the setting is not', () => {
    expect(externalParts({}, ['--use-external'])).toEqual({});
  });
});
