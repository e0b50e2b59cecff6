import { accountsOf } from '../support/accounts.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  payloadOf,
  refusal,
  type RegisteredBody,
  signInWithGoogle,
  succeed,
} from '../support/person.js';
import { connected } from '../support/tables.js';

const OTHER = 'seven lanterns over gravel';

const product = journeyProduct();
const { post, register, login, refresh, verify, verified } = accountsOf(product);

/** What an answer is made of, without what differs between any two. */
const shapeOf = (value: unknown): unknown =>
  value !== null && typeof value === 'object'
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]))
    : typeof value;

describe('signing up by address and password (S1-11, S1-12)', () => {
  it('makes account, tenant and licence, and needs the address proved for a seat (S2-40)', async () => {
    const email = newEmail();
    const made = await register(email);
    expect(made).toMatchObject({
      user: { email, email_verified: false },
      tenant: { name: 'Acme Tools', plan: 'FREE' },
      license: { key: expect.stringMatching(/^GH-FREE-/), status: 'active' },
      token_type: 'Bearer',
    });
    const acquire = (bearer: string) =>
      call<ErrorBody>(`${product.v1}/licenses/acquire`, { bearer, body: { hardware_id: 'laptop' } });
    expect(refusal(await acquire(made.access_token))).toEqual([403, 'EMAIL_NOT_VERIFIED']);

    // Nor by the key, which the answer holds, and without anybody signed in.
    const license_key = made.license.key;
    const byKey = (path: string, more: object) =>
      call<ErrorBody>(`${product.v1}/licenses/${path}`, { body: { license_key, ...more } });
    const refused = await Promise.all([
      byKey('acquire', { hardware_id: 'laptop' }),
      byKey('usage', { meter: 'commands', amount: 1 }),
      byKey('check-in', {}),
    ]);
    expect(new Set(refused.map((one) => refusal(one).join(' ')))).toEqual(
      new Set(['403 EMAIL_NOT_VERIFIED']),
    );

    const [mail] = await mailsTo(email);
    expect(mail?.text).toContain(`http://127.0.0.1/verify#token=${tokenIn(mail)}`);
    expect((await verify(tokenIn(mail))).body).toMatchObject({ status: 'verified', email });
    expect(refusal(await verify(tokenIn(mail)))).toEqual([422, 'TOKEN_INVALID']);
    const renewed = (await refresh(made)).body;
    expect((await acquire(renewed.access_token)).status).toBe(200);
    await eventually(async () =>
      expect((await byKey('acquire', { hardware_id: 'laptop' })).status).toBe(200),
    );
    expect((await byKey('usage', { meter: 'commands', amount: 1 })).status).toBe(200);

    // The key goes only to an address that is proved (S1-15).
    const welcome = (await mailsTo(email, 2)).at(-1);
    expect(welcome?.text).toContain(made.license.key);
  });

  it('gives the key of who never proved their address its seat once they proved another', async () => {
    const made = await register(newEmail());
    const acquire = () =>
      call<ErrorBody>(`${product.v1}/licenses/acquire`, {
        body: { hardware_id: 'laptop', license_key: made.license.key },
      });
    const next = newEmail();
    expect((await post('email/change', { email: next }, made.access_token)).status).toBe(200);
    expect(refusal(await acquire())).toEqual([403, 'EMAIL_NOT_VERIFIED']);
    expect((await verify(tokenIn((await mailsTo(next))[0]))).body.status).toBe('changed');
    await eventually(async () => expect((await acquire()).status).toBe(200));
  });

  it('says what is wrong with a password', async () => {
    const email = newEmail();
    const refused = await post('register', {
      email,
      password: 'Acme Tools 2026!',
      organization_name: 'Acme Tools',
    });
    expect(refusal(refused)).toEqual([422, 'PASSWORD_TOO_WEAK']);
    expect(refused.body.error.details).toMatchObject({
      problems: ['contains_context_words'],
      min_length: 15,
    });
    expect(refusal(await login(email, 'Acme Tools 2026!'))).toEqual([401, 'INVALID_CREDENTIALS']);
  });

  it('answers for a taken address as for a new one, and mails its owner instead', async () => {
    const email = newEmail();
    const owner = await verified(email);
    await mailsTo(email, 2);
    const again = await call<RegisteredBody>(`${product.v1}/auth/register`, {
      body: { email: email.toUpperCase(), password: OTHER, organization_name: 'Mallory Ltd' },
    });
    expect(again.status).toBe(201);
    expect(shapeOf(again.body)).toEqual(shapeOf(owner));
    expect(again.body.user.id).not.toBe(owner.user.id);

    const notice = (await mailsTo(email, 3)).at(-1);
    expect(notice?.subject).toBe('You have an account already');
    expect(notice?.text).not.toMatch(/mlt_|GH-FREE/);
    // Nothing that follows tells either: this account works as an unverified one does, and the owner's as before.
    const guest = await login(email, OTHER);
    expect([guest.status, guest.body.user.id, guest.body.user.email_verified]).toEqual([
      200,
      again.body.user.id,
      false,
    ]);
    expect((await login(email)).body.user.id).toBe(owner.user.id);
    expect((await post('email/send', {}, again.body.access_token)).status).toBe(200);
    expect((await mailsTo(email, 4)).at(-1)?.subject).toBe('You have an account already');

    const actions = async (bearer: string) =>
      (await succeed<AuditBody>(`${product.v1}/audit`, { bearer })).data
        .map((entry) => `${entry.action} ${String(entry.metadata.kind ?? '')}`)
        .sort();
    const fresh = await register(newEmail());
    await mailsTo(fresh.user.email);
    await post('email/send', {}, fresh.access_token);
    await login(fresh.user.email);
    await eventually(async () =>
      expect(await actions(fresh.access_token)).toEqual(await actions(again.body.access_token)),
    );
  });

  it('lets two who claim one address be; who proves it stays, the other loses password and sessions', async () => {
    const email = newEmail();
    const first = await register(email);
    const [mail] = await mailsTo(email);
    const second = await register(email, OTHER);
    expect((await login(email, OTHER)).status).toBe(200);

    expect((await verify(tokenIn(mail))).status).toBe(200);
    expect((await login(email)).body.user.id).toBe(first.user.id);
    expect(refusal(await login(email, OTHER))).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(refusal(await refresh(second))).toEqual([401, 'UNAUTHENTICATED']);
    expect((await refresh(first)).status).toBe(200);
  });

  it('takes password and sessions from a pre-registrant when the owner comes by Google', async () => {
    const email = newEmail();
    const early = await register(email);
    const bearer = await signInWithGoogle(email);
    const owner = await succeed<RegisteredBody>(`${product.v1}/auth/register`, {
      bearer,
      body: { organization_name: 'The real one' },
    });
    expect(owner.user.id).not.toBe(early.user.id);
    expect(refusal(await login(email))).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(refusal(await refresh(early))).toEqual([401, 'UNAUTHENTICATED']);
    expect(refusal(await verify(tokenIn((await mailsTo(email))[0])))).toEqual([422, 'TOKEN_INVALID']);
  });
});

describe('signing in by address and password (S1-16)', () => {
  it('gives one answer to a wrong password and to nobody', async () => {
    const { user } = await register(newEmail());
    const [wrong, nobody] = await Promise.all([login(user.email, 'not the right one'), login(newEmail())]);
    expect(refusal(wrong)).toEqual([401, 'INVALID_CREDENTIALS']);
    expect({ ...wrong.body.error, trace_id: '', timestamp: '' }).toEqual({
      ...nobody.body.error,
      trace_id: '',
      timestamp: '',
    });
    const good = await login(user.email);
    expect(payloadOf<object>(good.body.access_token)).toMatchObject({
      amr: ['pwd'],
      email_verified: false,
      sub: user.id,
    });
  });

  it('makes no session by a password that is changed while it is being compared', async () => {
    const { user } = await verified();
    const database = await connected(product.database.ownerUrl);
    const watch = await connected(product.database.ownerUrl);
    await database.query('begin');
    await database.query('select 1 from identity.users where id = $1 for update', [user.id]);
    const signedIn = login(user.email);
    // By now the password has been compared: only the session is still to be made.
    await eventually(async () => {
      const { rows } = await watch.query(
        `select 1 from pg_stat_activity where $1 = any (pg_blocking_pids(pid))`,
        [(database as unknown as { processID: number }).processID],
      );
      expect(rows).toHaveLength(1);
    });
    // To the millisecond, as the product chooses them.
    await database.query(
      `update identity.passwords set changed_at = date_trunc('milliseconds', now()) where user_id = $1`,
      [user.id],
    );
    await database.query('commit');
    expect(refusal(await signedIn)).toEqual([401, 'UNAUTHENTICATED']);
    const { rows } = await watch.query('select 1 from identity.auth_sessions where user_id = $1', [user.id]);
    expect(rows).toHaveLength(1);
    expect((await login(user.email)).status).toBe(200);
    // Who is in no organisation any more has nowhere to sign in to. Both are attempts, and stand among them.
    await watch.query('delete from tenancy.memberships where user_id = $1', [user.id]);
    expect(refusal(await login(user.email))).toEqual([403, 'NO_ORGANIZATION']);
    const { rows: refused } = await watch.query(
      `select 1 from identity.user_login_events where user_id = $1 and outcome = 'refused'`,
      [user.id],
    );
    expect(refused).toHaveLength(2);
    await Promise.all([database.end(), watch.end()]);
  });

  it('costs two hashes to refuse anybody, whoever has the address, and one to let its owner in', async () => {
    const hashes = async () => {
      const text = await (await fetch(`${product.api.url}/metrics`)).text();
      return Number(/^password_hashes_total(?:\{[^}]*\})? (\d+)$/m.exec(text)?.[1]);
    };
    const costs = async (email: string, password: string) => {
      const before = await hashes();
      const { status } = await login(email, password);
      return [status, (await hashes()) - before];
    };
    const [owner, both] = [await verified(), await verified()];
    await register(both.user.email, OTHER);
    const claimant = await register(newEmail());
    for (const email of [owner.user.email, both.user.email, claimant.user.email, newEmail()])
      expect(await costs(email, 'not the right one')).toEqual([401, 2]);
    expect(await costs(owner.user.email, PASSWORD)).toEqual([200, 1]);
    expect(await costs(both.user.email, OTHER)).toEqual([200, 2]);
    expect(await costs(claimant.user.email, PASSWORD)).toEqual([200, 2]);
  });

  it('asks for a bearer or a password', async () => {
    expect(refusal(await call(`${product.v1}/auth/login`, { method: 'POST' }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect(refusal(await post('login', { email: 'nobody' }))).toEqual([422, 'VALIDATION_FAILED']);
  });
});

describe('those who guess, and those who sign up too often', () => {
  it('wait, on accounts that are there and on others alike, with every attempt recorded (S2-26, S2-64)', async () => {
    const known = await register(newEmail());
    const strict = await product.startApi({ AUTH_LOCKOUT_THRESHOLD: '3' });
    const guess = (email: string, password: string) =>
      call<ErrorBody>(`${strict.url}/api/v1/auth/login`, { body: { email, password } });
    for (const email of [known.user.email, newEmail()]) {
      const guesses = await Promise.all([1, 2, 3, 4, 5, 6].map((i) => guess(email, `guess number ${i}`)));
      expect(guesses.map((one) => one.status).sort()).toEqual([401, 401, 401, 429, 429, 429]);
      const refused = guesses.find((one) => one.status === 429);
      expect(refused?.body.error).toMatchObject({
        code: 'SIGN_IN_LOCKED',
        details: { retry_after_seconds: 30 },
      });
      expect(refused?.headers.get('retry-after')).toBe('30');
    }
    expect((await guess(known.user.email, PASSWORD)).status).toBe(429);

    const rows = await product.query(
      `select outcome, count(*)::int as n from identity.user_login_events
       where address_hash = (select address_hash from identity.address_claims where user_id = $1) group by 1 order by 1`,
      [known.user.id],
    );
    expect(rows).toEqual([
      { outcome: 'locked', n: 4 },
      { outcome: 'signed_up', n: 1 },
      { outcome: 'wrong_password', n: 3 },
    ]);
  });

  it('are not forgiven by whoever only claims the address and has a password of their own', async () => {
    const owner = await verified();
    const { email } = owner.user;
    await register(email, OTHER);
    const strict = await product.startApi({ AUTH_LOCKOUT_THRESHOLD: '3' });
    const guess = (password: string) =>
      call<ErrorBody>(`${strict.url}/api/v1/auth/login`, { body: { email, password } });
    for (const password of ['guess number 1', 'guess number 2', OTHER, 'guess number 3']) {
      const { status } = await guess(password);
      expect([password, status]).toEqual([password, password === OTHER ? 200 : 401]);
    }
    expect((await guess(OTHER)).status).toBe(429);
  });

  it('are refused by quota, or because only the invited may (S2-20, S2-54)', async () => {
    const [few, closed] = await Promise.all([
      product.startApi({ AUTH_SIGNUP_QUOTA: '2' }),
      product.startApi({ AUTH_SIGNUP_MODE: 'invite_only' }),
    ]);
    const sign = (api: { url: string }, bearer?: string) =>
      call<ErrorBody>(`${api.url}/api/v1/auth/register`, {
        bearer,
        body: bearer
          ? { organization_name: 'Acme' }
          : { email: newEmail(), password: PASSWORD, organization_name: 'Acme' },
      });
    for (let i = 0; i < 2; i++) await register(newEmail());
    expect(refusal(await sign(few))).toEqual([429, 'RATE_LIMITED']);
    const bearer = await signInWithGoogle(newEmail());
    expect(refusal(await sign(few, bearer))).toEqual([429, 'RATE_LIMITED']);
    expect(refusal(await sign(closed))).toEqual([403, 'SIGN_UP_CLOSED']);
    expect(refusal(await sign(closed, bearer))).toEqual([403, 'SIGN_UP_CLOSED']);
    // Who has an account gets in all the same.
    expect(
      (await call(`${product.v1}/auth/register`, { bearer, body: { organization_name: 'Acme' } })).status,
    ).toBe(201);
    expect((await sign(closed, bearer)).status).toBe(200);
  });
});
