import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from '@node-rs/bcrypt';
import { newId } from '#platform';
import { codeOf } from '../support/authenticator.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import { bitsOf, mmdbFile } from '../support/mmdb-file.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  refusal,
  type RegisteredBody,
  signInWithGoogle,
  signUp,
  signUpByPassword,
  succeed,
} from '../support/person.js';
import { runAdmin } from '../support/product.js';
import { connected } from '../support/tables.js';

const directory = mkdtempSync(join(tmpdir(), 'gatehouse-people-'));
const written = (name: string, content: string | Buffer) => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

type Answered = RegisteredBody &
  ErrorBody & { revoked: number; data: { place: string | null; tenant_id: string; current: boolean }[] };

const loopback = { city: { names: { en: 'Home' } }, country: { iso_code: 'ZZ' } };
const GEOIP_FILE = written('places.mmdb', mmdbFile([[bitsOf('127.0.0.0', 8), loopback]], 28));
const product = journeyProduct({ GEOIP_FILE });

const auth = (path: string) => `${product.v1}/auth/${path}`;
const post = (path: string, body: object, bearer?: string, headers?: Record<string, string>) =>
  call<Answered>(auth(path), { method: 'POST', body, bearer, headers });
const register = (email?: string, password?: string) => signUpByPassword(product.api.url, email, password);
const login = (email: string, password = PASSWORD, headers?: Record<string, string>) =>
  post('login', { email, password }, undefined, headers);

describe('gatehouse-admin users import (C31)', () => {
  const reason = ['--reason', 'They come from the old system.'];

  it('makes accounts that sign in with the password they had, and is repeatable', async () => {
    const [owner, member, silent] = [newEmail(), newEmail(), newEmail()];
    const { tenant } = await signUp(product.api.url);
    const old = await hash('pa55word', { cost: 4 });
    const file = written(
      'people.csv',
      [
        'email,email_verified,display_name,password_hash,organization_name,tenant_id,role',
        `${owner.toUpperCase()},true,Ada,${old},Old Works,,`,
        `${member},yes,"Hopper, Grace",${old},,${tenant.id},admin`,
        `${silent},,,,Silent Works,,`,
      ].join('\n'),
    );
    expect(await product.admin('users', 'import', file, '--dry-run', ...reason)).toContain('3 would be made');
    expect(refusal(await login(owner, 'pa55word'))).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(await product.admin('users', 'import', file, ...reason)).toContain('3 made');
    expect(await product.admin('users', 'import', file, ...reason)).toContain('3 there already');

    // The first login takes the old hash's place.
    const database = await connected(product.database.ownerUrl);
    const rules = [];
    for (let i = 0; i < 3; i++) {
      const { rows } = await database.query<{ rule: string }>(
        'select rule from identity.passwords join identity.users on id = user_id where email = $1',
        [owner],
      );
      rules.push(rows[0]?.rule);
      if (i === 2) break;
      expect((await login(owner, 'pa55word')).body).toMatchObject({
        user: { email: owner, email_verified: true, display_name: 'Ada' },
        tenant: { name: 'Old Works' },
      });
    }
    await database.end();
    expect(rules).toEqual(['bcrypt', 'argon2id', 'argon2id']);
    expect((await login(member, 'pa55word')).body.tenant.id).toBe(tenant.id);
    expect(refusal(await login(silent, 'pa55word'))).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(await mailsTo(owner, 0)).toEqual([]);
    await eventually(async () => {
      const bearer = (await login(owner, 'pa55word')).body.access_token;
      const { data } = await succeed<AuditBody>(`${product.v1}/audit?limit=100`, { bearer });
      const made = data.find((entry) => entry.action === 'USER_REGISTERED');
      expect(made?.metadata.reason).toContain('They come from the old system.');
    });
  });

  it('says everything that is wrong, and writes nothing unless told to', async () => {
    const [sound, twice] = [newEmail(), newEmail()];
    const organization_name = 'Acme';
    const lines = [
      { email: sound, organization_name },
      { email: 'nobody', organization_name },
      { email: twice, organization_name },
      { email: twice, organization_name },
      { email: newEmail(), organization_name, password_hash: '$2b$31$' + 'a'.repeat(53) },
      { email: newEmail(), tenant_id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d' },
      { email: newEmail(), organization_name, role: 'owner' },
      { email: newEmail(), organization_name, hobby: 'chess' },
    ].map((line) => JSON.stringify(line));
    const file = written('people.jsonl', [...lines, '{', ''].join('\r\n'));
    const refused = await product.admin('users', 'import', file, ...reason).catch((error: Error) => error);
    expect(refused).toBeInstanceOf(Error);
    for (const fault of [
      'line 2, email: must be one e-mail address',
      'line 4, email: is that of line 3, too',
      'line 5, password_hash: must be a bcrypt hash',
      'line 6, tenant_id: there is no such tenant',
      'line 7, role: goes with tenant_id',
      'line 8: Unrecognized key',
      'line 9: is no JSON object',
      'Nothing was written: 7 faults.',
    ])
      expect(String(refused)).toContain(fault);
    const some = await product.admin('users', 'import', file, '--skip-faulty', ...reason);
    expect(some).toContain('2 made, 7 faulty lines left out.');
  });
});

describe('gatehouse-admin seed', () => {
  it('makes people of every kind, once, and none where strangers come', async () => {
    const said = await product.admin('seed');
    const of = (kind: string) =>
      said
        .split('\n')
        .find((line) => line.includes(` ${kind} `))!
        .split(' ')[0]!;
    expect(said).toContain('ada@acme.example acme-tools');
    expect((await login(of('verified'))).body.user.email_verified).toBe(true);
    expect((await login(of('unverified'))).body.user.email_verified).toBe(false);
    expect(refusal(await login(of('suspended')))).toEqual([403, 'ACCOUNT_SUSPENDED']);
    expect(refusal(await login(of('locked')))).toEqual([429, 'SIGN_IN_LOCKED']);

    const asked = await login(of('second factor'));
    expect(refusal(asked)).toEqual([401, 'MFA_REQUIRED']);
    const secret = /secret (\S+)/.exec(said)![1]!;
    const mfa_token = asked.body.error.details?.mfa_token;
    const code = codeOf(secret);
    expect((await post('mfa/totp/challenge', { mfa_token, code })).status).toBe(200);

    expect((await product.admin('seed')).match(/was there already/g)).toHaveLength(8);
    const { FIREBASE_AUTH_EMULATOR_HOST: _, ...env } = product.env;
    await expect(runAdmin(['seed'], { ...env, ENV: 'staging' })).rejects.toThrow('refused with ENV=staging');
  });

  it('shows somebody their sessions of every organisation, and ends one, or all at once', async () => {
    const email = 'toni@seed.example';
    const first = (await login(email)).body;
    const rows = await product.query<{ id: string }>(
      `insert into identity.auth_sessions (tenant_id, id, user_id, provider, amr, auth_time, last_used_at, trace_id)
       select m.tenant_id, 'ses_01k9zq6mwee4rr8q3fjz6c1v2d', m.user_id, 'password', '{pwd}', now(), now(), ''
       from tenancy.memberships m where m.user_id = $1 and m.tenant_id <> $2 returning id`,
      [first.user.id, first.tenant.id],
    );
    const elsewhere = rows[0]!.id;
    const bearer = first.access_token;
    const listed = async () => {
      const { data } = await succeed<Answered>(auth('sessions'), { bearer });
      return data.map((one) => [one.tenant_id === first.tenant.id, one.current]);
    };
    expect(await listed()).toEqual([
      [true, true],
      [false, false],
    ]);
    const endedBy = async () => {
      const ended = await product.query<{ end_reason: string | null }>(
        'select end_reason from identity.auth_sessions where id = $1',
        [elsewhere],
      );
      return ended[0]?.end_reason;
    };
    await succeed(auth(`sessions/${elsewhere}`), { method: 'DELETE', bearer });
    expect([await endedBy(), await listed()]).toEqual(['logout', [[true, true]]]);
    await product.query(
      'update identity.auth_sessions set ended_at = null, end_reason = null where id = $1',
      [elsewhere],
    );
    expect((await post('logout/all', {}, bearer)).body.revoked).toBe(2);
    expect(await endedBy()).toBe('logout_all');
  });
});

describe('places', () => {
  it('stand in the list of sessions and in the mail on a new device, where a file knows them', async () => {
    const made = await register();
    await mailsTo(made.user.email);
    const list = await succeed<Answered>(auth('sessions'), { bearer: made.access_token });
    expect(list.data[0]?.place).toBe('Home, ZZ');
    await login(made.user.email, PASSWORD, { 'user-agent': 'gatehouse-cli/1.2.3' });
    expect((await mailsTo(made.user.email, 2))[1]?.text).toContain('Where: Home, ZZ, 127.0.0.1');
  });
});

describe('sign-up for those who were invited (S2-54)', () => {
  it('admits the operator’s domains; by an issuer only who is verified', async () => {
    const closed = await product.startApi({
      AUTH_SIGNUP_MODE: 'invite_only',
      AUTH_SIGNUP_DOMAINS: 'acme.example, acme.test',
    });
    const sign = (body: object, bearer?: string) =>
      call<Answered>(`${closed.url}/api/v1/auth/register`, {
        bearer,
        body: { organization_name: 'Acme', ...body },
      });
    expect((await sign({ email: newEmail(), password: PASSWORD })).status).toBe(201);
    const stranger = newEmail().replace('acme.example', 'elsewhere.example');
    expect(refusal(await sign({ email: stranger, password: PASSWORD }))).toEqual([403, 'SIGN_UP_CLOSED']);
    expect((await sign({}, await signInWithGoogle(newEmail()))).status).toBe(201);
    expect(refusal(await sign({}, await signInWithGoogle(stranger)))).toEqual([403, 'SIGN_UP_CLOSED']);
    await closed.stop();
  });
});

describe('an account that is being deleted', () => {
  it('leaves no session behind to who signs in at that moment', async () => {
    const made = await register();
    const { email, id } = made.user;
    const between = await connected(product.database.ownerUrl);
    await between.query('begin');
    // A sign-in shares the person with us, the deletion waits for both.
    await between.query('select from identity.users where id = $1 for share', [id]);
    const body = { email, password: PASSWORD };
    const deleted = call(auth('me'), { method: 'DELETE', bearer: made.access_token, body });
    await eventually(async () => {
      const rows = await product.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(rows).not.toEqual([]);
    });
    const late = (await login(email)).body;
    await between.query('commit');
    expect((await deleted).status).toBe(200);
    const rows = await product.query<{ end_reason: string | null }>(
      'select end_reason from identity.auth_sessions where user_id = $1',
      [id],
    );
    await between.end();
    expect(rows.map((row) => row.end_reason)).toEqual(['account_deleted', 'account_deleted']);
    expect(refusal(await post('refresh', { refresh_token: late.refresh_token }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
  });
});

describe('mails that anybody may ask for', () => {
  it('are so many an hour to each mailbox, whichever way they are asked for (AUTH_MAIL_QUOTA)', async () => {
    const strict = await product.startApi({ AUTH_MAIL_QUOTA: '3' });
    const ask = (path: string, body?: object, bearer?: string) =>
      call<ErrorBody>(`${strict.url}/api/v1/auth/${path}`, { method: 'POST', body, bearer });
    const { user, access_token: bearer } = await register();
    const { email } = user;
    // The mail of the sign-up counts; asked for anew before it is written, it would not be sent.
    await mailsTo(email);
    expect((await ask('email/send', undefined, bearer)).status).toBe(200);
    expect((await ask('password/forgot', { email })).status).toBe(200);
    // Who is signed in is told; of the other way nobody learns that there is such a mailbox.
    const refused = await ask('email/send', undefined, bearer);
    expect([...refusal(refused), Number(refused.headers.get('retry-after')) > 0]).toEqual([
      429,
      'RATE_LIMITED',
      true,
    ]);
    expect(await ask('password/forgot', { email })).toMatchObject({
      status: 200,
      body: { status: 'accepted' },
    });
    // Another mailbox has its own; its mail comes after whatever was still to come.
    const other = await register();
    expect((await ask('password/forgot', { email: other.user.email })).status).toBe(200);
    expect(await mailsTo(other.user.email, 2)).toHaveLength(2);
    expect(await mailsTo(email, 3)).toHaveLength(3);
    await strict.stop();
  });
});

describe('gatehouse-admin passwords calibrate', () => {
  it('measures, and prints settings', async () => {
    const said = await product.admin('passwords', 'calibrate', '--target-ms', '1');
    expect(said).toMatch(/^# One hash takes \d+ ms here: about \d+ sign-ins a second\.$/m);
    const settings = Object.fromEntries(
      said
        .split('\n')
        .filter((line) => line.startsWith('AUTH_'))
        .map((line) => line.split('=')),
    ) as Record<string, string>;
    expect(Object.keys(settings)).toEqual([
      'AUTH_ARGON2_MEMORY_KIB',
      'AUTH_ARGON2_PASSES',
      'AUTH_ARGON2_LANES',
      'AUTH_HASH_CONCURRENCY',
    ]);
    for (const value of Object.values(settings)) expect(Number(value)).toBeGreaterThan(0);
  });
});

describe('what the worker forgets', () => {
  it('is accounts that nobody verified, and attempts to sign in that are too old', async () => {
    const [never, soon, verified] = [await register(), await register(), await register()];
    await post('email/verify', { token: tokenIn((await mailsTo(verified.user.email))[0]) });
    const imported = newEmail();
    const line = {
      email: imported,
      organization_name: 'Old',
      password_hash: await hash(PASSWORD, { cost: 4 }),
    };
    const file = written('unverified.jsonl', JSON.stringify(line));
    await product.admin('users', 'import', file, '--reason', 'They come from the old system.');
    await product.query(
      `update identity.users set created_at = now() - interval '31 days' where id = any ($1) or email = $2`,
      [[never.user.id, verified.user.id], imported],
    );
    // Others are in what this one owns. It is the oldest, so it has been looked at when another is gone.
    const needed = await register();
    await product.query(
      `insert into tenancy.memberships (tenant_id, id, user_id, role, created_at) values ($1, $2, $3, 'viewer', now())`,
      [needed.tenant.id, newId('mem'), verified.user.id],
    );
    await product.query(`update identity.users set created_at = now() - interval '32 days' where id = $1`, [
      needed.user.id,
    ]);
    const owner = await connected(product.database.ownerUrl);
    // Who is in no organisation any more stays, and keeps nobody behind them.
    await owner.query(
      `insert into identity.users (id, email, email_verified, created_at, registered_with)
       select 'usr_0' || n, 'nobody@acme.example', false, now() - interval '40 days', 'password'
       from generate_series(100, 350) n`,
    );
    await owner.query(
      `create table identity.user_login_events_p20200101 partition of identity.user_login_events
       for values from ('2020-01-01') to ('2020-02-01')`,
    );
    await owner.end();
    await product.startWorker();
    await eventually(async () => expect((await login(never.user.email)).status).toBe(401));
    expect((await login(needed.user.email)).status).toBe(200);
    await eventually(async () =>
      expect((await call(auth('me'), { bearer: never.access_token })).status).toBe(401),
    );
    for (const email of [soon.user.email, verified.user.email, imported])
      expect((await login(email)).status).toBe(200);

    const left = await product.query(
      `select (select count(*)::int from identity.users where id = $1) as users,
         (select count(*)::int from identity.address_claims where user_id = $1) as claims,
         (select count(*)::int from identity.passwords where user_id = $1) as passwords,
         (select count(*)::int from identity.known_devices where user_id = $1) as devices,
         (select count(*)::int from identity.user_login_events where user_id = $1) as attempts,
         to_regclass('identity.user_login_events_p20200101')::text as old`,
      [never.user.id],
    );
    expect(left).toEqual([
      { users: 0, claims: 0, passwords: 0, devices: 0, attempts: expect.any(Number), old: null },
    ]);
    expect(left[0]!.attempts).toBeGreaterThan(0);
    // The address is free again.
    expect((await register(never.user.email)).user.id).not.toBe(never.user.id);
  });
});
