import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { INHERITED } from '../support/environment.js';

const run = promisify(execFile);
const KEY = `sk_test_${randomBytes(18).toString('hex')}`;
const drawn = () => randomBytes(8).toString('hex');
const ANSWERS = {
  BASE_URL: 'https://gatehouse.acme.example',
  DATABASE_URL: `postgres://gatehouse_app:${drawn()}@db/gatehouse?sslmode=require`,
  DATABASE_SYSTEM_URL: `postgres://gatehouse_system:${drawn()}@db/gatehouse?sslmode=require`,
  REDIS_URL: 'rediss://default:7hGt2kPwzz@cache',
  SMTP_URL: 'smtps://mail:5tRw9xBnqq@smtp.acme.example:465',
  MAIL_FROM: 'no-reply@acme.example',
};

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'gatehouse-wizard-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** As an operator would without a terminal. */
async function admin(...args: string[]): Promise<{ code: number; out: string }> {
  const main = join(process.cwd(), 'dist/apps/cli/main.js');
  try {
    const { stdout, stderr } = await run(process.execPath, [main, ...args], { cwd: place, env: INHERITED });
    return { code: 0, out: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout + stderr };
  }
}

function wizard(answers: Record<string, string>, ...more: string[]) {
  const lines = Object.entries(answers).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(place, 'answers'), lines.join(''));
  return admin('setup', 'wizard', '--to', 'gatehouse.env', '--answers', 'answers', ...more);
}

const written = () => parseEnv(readFileSync(join(place, 'gatehouse.env'), 'utf8'));

describe('setup wizard (S2-30, S2-49)', () => {
  it('writes what API and worker start with, for its owner alone, and prints no secret', async () => {
    const sold = {
      ...{ PROVIDERS: 'stripe', STRIPE_SECRET_KEY: KEY, STRIPE_WEBHOOK_SECRET: `whsec_${KEY}` },
      ...ANSWERS,
    };
    const { code, out } = await wizard(sold);
    expect([code, out]).toEqual([0, expect.stringContaining('nobody but you can read it')]);
    expect(statSync(join(place, 'gatehouse.env')).mode & 0o777).toBe(0o600);
    expect(written()).toMatchObject({ ...sold, ENV: 'production', ENABLE_BILLING: 'true' });
    for (const [name, value] of Object.entries(written())) {
      if (/KEY|SECRET|PEPPER|PASSWORD|_URL$/.test(name) && name !== 'BASE_URL')
        expect(out).not.toContain(value);
    }
    expect(await admin('setup', 'check', 'gatehouse.env')).toMatchObject({ code: 0 });
    expect(readdirSync(place).sort()).toEqual(['answers', 'gatehouse.env']);
  });

  it('overwrites nothing unless it is told to, and keeps the secrets that were made', async () => {
    await wizard(ANSWERS);
    const before = written();
    const refused = await wizard({ ...ANSWERS, MAIL_FROM: 'other@acme.example' });
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('is there already') });
    expect(written()).toEqual(before);
    expect(await wizard({ ...ANSWERS, MAIL_FROM: 'other@acme.example' }, '--overwrite')).toMatchObject({
      code: 0,
    });
    expect(written()).toEqual({ ...before, MAIL_FROM: 'other@acme.example' });
  });

  it('refuses a declared provider without its settings, there and in the check of a file', async () => {
    const { code, out } = await wizard({ ...ANSWERS, PROVIDERS: 'stripe' });
    expect(code).toBe(1);
    expect(out).toContain('STRIPE_SECRET_KEY: it is needed');
    expect(readdirSync(place)).toEqual(['answers']);
    await wizard(ANSWERS);
    const file = join(place, 'gatehouse.env');
    writeFileSync(file, `${readFileSync(file, 'utf8')}PROVIDERS=auth0\n`);
    expect(await admin('setup', 'check', 'gatehouse.env')).toMatchObject({
      code: 1,
      out: expect.stringContaining('AUTH0_DOMAIN: PROVIDERS declares auth0, which needs it.'),
    });
  });

  it('leaves Stripe for later where there is no signing secret yet: `stripe setup` makes it (S2-30)', async () => {
    const { code, out } = await wizard({ ...ANSWERS, PROVIDERS: 'stripe', STRIPE_SECRET_KEY: KEY });
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('stripe setup --env gatehouse.env makes the webhook endpoint'),
    ]);
    expect(written()).toMatchObject({ STRIPE_SECRET_KEY: KEY });
    expect([written().PROVIDERS, written().ENABLE_BILLING]).toEqual([undefined, undefined]);
    expect(await admin('setup', 'check', 'gatehouse.env')).toMatchObject({ code: 0 });
    // As `stripe setup --env` keeps it; then the same answers sell.
    appendFileSync(join(place, 'gatehouse.env'), `STRIPE_WEBHOOK_SECRET='whsec_${KEY}'\n`);
    expect(await wizard({ ...ANSWERS, PROVIDERS: 'stripe' }, '--overwrite')).toMatchObject({ code: 0 });
    expect(written()).toMatchObject({
      ...{ PROVIDERS: 'stripe', ENABLE_BILLING: 'true' },
      ...{ STRIPE_WEBHOOK_SECRET: `whsec_${KEY}`, STRIPE_SECRET_KEY: KEY },
    });
  });

  it('makes no secrets anew for an installation that has them elsewhere', async () => {
    const { out: secrets } = await admin('secrets', 'generate');
    writeFileSync(join(place, 'secrets.env'), secrets);
    expect(await wizard(ANSWERS, '--secrets', 'secrets.env')).toMatchObject({ code: 0 });
    expect(written().SECRETS_KEY).toBeUndefined();
    expect(await admin('setup', 'check', 'secrets.env', 'gatehouse.env')).toMatchObject({ code: 0 });
    const before = written();
    expect(await wizard(ANSWERS, '--overwrite')).toMatchObject({
      code: 1,
      out: expect.stringContaining('SECRETS_KEY'),
    });
    expect(written()).toEqual(before);
  });

  it('sells with a signing secret of Stripe alone, none is made with the others (docs/production.md)', async () => {
    const { out: secrets } = await admin('secrets', 'generate');
    expect(secrets).not.toContain('whsec_');
    writeFileSync(join(place, 'secrets.env'), secrets);
    const sold = { ...ANSWERS, PROVIDERS: 'stripe', STRIPE_SECRET_KEY: KEY };
    const { code, out } = await wizard(sold, '--secrets', 'secrets.env');
    expect([code, out]).toEqual([0, expect.stringContaining('Nothing is sold yet')]);
    expect(written().ENABLE_BILLING).toBeUndefined();
    writeFileSync(join(place, 'insisting.env'), 'ENABLE_BILLING=true\n');
    expect(await admin('setup', 'check', 'secrets.env', 'gatehouse.env', 'insisting.env')).toMatchObject({
      code: 1,
      out: expect.stringContaining('STRIPE_WEBHOOK_SECRET: ENABLE_BILLING=true needs it.'),
    });
  });

  it('asks nobody where there is nobody', async () =>
    expect(await admin('setup', 'wizard', '--to', 'gatehouse.env')).toMatchObject({
      code: 1,
      out: expect.stringContaining('There is nobody to ask'),
    }));
});
