import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { generateSecrets } from './generate-secrets.js';

interface Ending {
  code: number;
  said: string;
  /** The sentences, one a fault. */
  faults: string[];
}

/** Runs a program of the product as it is deployed, with nothing in its environment but `variables`. */
function start(program: string, variables: Record<string, string | undefined>): Promise<Ending> {
  const file = join(process.cwd(), 'dist/apps', program, 'main.js');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [file],
      { env: { PATH: process.env.PATH, ...variables } },
      (error, stdout, stderr) => {
        const faults = stderr.split('\n').flatMap((line) => (line.startsWith('  - ') ? [line.slice(4)] : []));
        resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr, faults });
      },
    );
  });
}

const password = () => randomBytes(18).toString('base64url');

/** Everything that production asks for. What it names is not there: a process that is not refused fails later. */
const sound = (): Record<string, string> => ({
  ENV: 'production',
  PORT: '0',
  WORKER_PORT: '0',
  BASE_URL: 'https://gatehouse.example.com',
  DATABASE_URL: `postgres://gatehouse_app:${password()}@127.0.0.1:1/gatehouse?sslmode=verify-full`,
  DATABASE_SYSTEM_URL: `postgres://gatehouse_system:${password()}@127.0.0.1:1/gatehouse?sslmode=verify-full`,
  REDIS_URL: `rediss://:${password()}@127.0.0.1:1`,
  FIREBASE_PROJECT_ID: 'acme',
  MAIL_TRANSPORT: 'smtp',
  MAIL_FROM: 'Gatehouse <no-reply@example.com>',
  SMTP_URL: 'smtps://user:word@127.0.0.1:465',
  ...generateSecrets(),
});

const TWICE = Buffer.from('d1e2f3a4b5c6978801fe23dc45ba6798'.repeat(2), 'hex').toString('base64');
const COUNTED = Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64');

describe('ENV=production (S2-44, S2-46, S2-50)', () => {
  it('refuses an API with every fault it has, at once, and without a stack or a secret', async () => {
    const secretPassword = password();
    const { code, said, faults } = await start('api', {
      ...sound(),
      BASE_URL: 'http://gatehouse.example.com',
      ALLOWED_HOSTS: 'gatehouse.example.com, *.example.com',
      ALLOWED_ORIGINS: '*',
      DATABASE_URL: `postgres://gatehouse_app:${secretPassword}@db.example.com/gatehouse`,
      DATABASE_SYSTEM_URL: 'postgres://gatehouse_system@db.example.com/gatehouse?sslmode=no-verify',
      REDIS_URL: 'redis://redis.example.com',
      REDIS_SEATS_URL: 'rediss://:changeme@seats.example.com',
      FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9099',
      SECRETS_KEY: Buffer.alloc(32).toString('base64'),
      LICENSE_LOOKUP_KEY: TWICE,
      HARDWARE_KEY: COUNTED,
      SEAT_KEYS: `1:${Buffer.from('please-change-this-key-in-prod!!').toString('base64')}`,
      AUTH_REFRESH_PEPPER: 'c2hvcnQ=',
      AUTH_SIGNING_KEY: 'not a key',
      STRIPE_WEBHOOK_SECRET: 'whsec_xxxxxxxxxxxxxxxxxxxxxxxx',
      REDIS_SEAT_URL: 'rediss://elsewhere',
    });
    expect(code).toBe(1);
    expect(faults.sort()).toEqual([
      'ALLOWED_HOSTS: production takes no wildcard.',
      'ALLOWED_ORIGINS: production takes no wildcard.',
      expect.stringMatching(/^AUTH_REFRESH_PEPPER: must be 32 bytes in base64\. /),
      expect.stringMatching(/^AUTH_SIGNING_KEY: must be a private key in PEM, or PKCS#8 in base64\. /),
      'BASE_URL: production needs https.',
      'DATABASE_SYSTEM_URL: production needs TLS (sslmode=verify-full), or DATABASE_PLAINTEXT_ALLOWED=true.',
      'DATABASE_SYSTEM_URL: production needs a password, or DATABASE_PASSWORDLESS_ALLOWED=true.',
      'DATABASE_URL: production needs TLS (sslmode=verify-full), or DATABASE_PLAINTEXT_ALLOWED=true.',
      'FIREBASE_AUTH_EMULATOR_HOST: an emulator takes unsigned tokens; it is refused here.',
      expect.stringMatching(
        /^HARDWARE_KEY: must be random; make one with `gatehouse-admin secrets generate`\. /,
      ),
      expect.stringMatching(/^LICENSE_LOOKUP_KEY: must be random; /),
      'REDIS_SEATS_URL: production takes no password that everybody tries first; draw one.',
      'REDIS_SEAT_URL: no such setting; did you mean REDIS_SEATS_URL?',
      'REDIS_URL: production needs TLS (rediss://), or REDIS_PLAINTEXT_ALLOWED=true.',
      'REDIS_URL: production needs a password, or REDIS_PASSWORDLESS_ALLOWED=true.',
      expect.stringMatching(/^SEAT_KEYS: must be pairs like 1:BASE64 with 32 random bytes/),
      expect.stringMatching(/^SECRETS_KEY: must be random; /),
      expect.stringMatching(/^STRIPE_WEBHOOK_SECRET: must be the one that Stripe gave, not an example\. /),
    ]);
    expect(said).not.toContain(secretPassword);
    expect(said).not.toMatch(/^\s+at /m);
  });

  it('refuses a worker for the same, and for what it alone reads', async () => {
    const { code, faults } = await start('worker', {
      ...sound(),
      MAIL_TRANSPORT: 'console',
      REDIS_QUEUES_URL: 'redis://queues.example.com',
      DATABASE_SYSTEM_URL: undefined,
    });
    expect(code).toBe(1);
    expect(faults.sort()).toEqual([
      expect.stringMatching(/^DATABASE_SYSTEM_URL: it is needed and not set\. /),
      expect.stringMatching(/^MAIL_TRANSPORT: console /),
      'REDIS_QUEUES_URL: production needs TLS (rediss://), or REDIS_PLAINTEXT_ALLOWED=true.',
      'REDIS_QUEUES_URL: production needs a password, or REDIS_PASSWORDLESS_ALLOWED=true.',
    ]);
  });

  it('has nothing against sound settings, nor against an exception that is named', async () => {
    const excepted = {
      DATABASE_URL: 'postgres://gatehouse_app@127.0.0.1:1/gatehouse',
      DATABASE_SYSTEM_URL: 'postgres://gatehouse_system@127.0.0.1:1/gatehouse',
      REDIS_URL: 'redis://127.0.0.1:1',
      DATABASE_PLAINTEXT_ALLOWED: 'true',
      DATABASE_PASSWORDLESS_ALLOWED: 'true',
      REDIS_PLAINTEXT_ALLOWED: 'true',
      REDIS_PASSWORDLESS_ALLOWED: 'true',
    };
    for (const { code, said, faults } of await Promise.all([
      start('api', sound()),
      start('api', { ...sound(), ...excepted }),
    ])) {
      // Nobody listens at port 1: it got as far as asking Postgres.
      expect([code, faults]).toEqual([1, []]);
      expect(said).toMatch(/^Postgres cannot be reached: .*ECONNREFUSED/m);
    }
  });

  it('takes each exception for what it names and nothing more', async () => {
    const { faults } = await start('api', {
      ...sound(),
      DATABASE_URL: 'postgres://gatehouse_app@127.0.0.1:1/gatehouse',
      REDIS_URL: 'redis://127.0.0.1:1',
      DATABASE_PLAINTEXT_ALLOWED: 'true',
      REDIS_PASSWORDLESS_ALLOWED: 'true',
    });
    expect(faults).toEqual([
      'DATABASE_URL: production needs a password, or DATABASE_PASSWORDLESS_ALLOWED=true.',
      'REDIS_URL: production needs TLS (rediss://), or REDIS_PLAINTEXT_ALLOWED=true.',
    ]);
  });
});
