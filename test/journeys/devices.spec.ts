import { aged } from '../support/aged-session.js';
import { codeOf, lastCodeOf } from '../support/authenticator.js';
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
  signInAt,
  signInWithGoogle,
  signUp,
  signUpByPassword,
  succeed,
} from '../support/person.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const FIREFOX_NEXT = FIREFOX.replaceAll('128.0', '129.0');
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';

type Answered = RegisteredBody &
  ErrorBody & {
    secret: string;
    backup_codes: string[];
    signed_in: RegisteredBody | null;
    revoked: number;
    identity: { id: string } | null;
    data: { outcome: string; method: string; session_id: string | null; browser: string | null }[];
    next_cursor: string | null;
  };

const product = journeyProduct();

const auth = (path: string) => `${product.v1}/auth/${path}`;
const post = (path: string, body: object, bearer?: string, headers?: Record<string, string>) =>
  call<Answered>(auth(path), { method: 'POST', body, bearer, headers });
const mfaToken = (answer: { body: ErrorBody }) => String(answer.body.error.details?.mfa_token);
const refresh = ({ refresh_token }: RegisteredBody) => post('refresh', { refresh_token });
const me = (bearer: string) => call<Answered>(auth('me'), { bearer });
const register = (email?: string, password?: string) => signUpByPassword(product.api.url, email, password);
const login = (email: string, headers?: Record<string, string>, password = PASSWORD) =>
  post('login', { email, password }, undefined, headers);
const claimsOf = ({ access_token: token }: { access_token: string }) =>
  payloadOf<{ amr: string[]; auth_time: number; sid: string }>(token);
const attemptsOf = async (bearer: string) =>
  (await succeed<Answered>(auth('login-events'), { bearer })).data.map((one) => one.outcome);
const trailOf = async (bearer: string) =>
  (await succeed<AuditBody>(`${product.v1}/audit?limit=100`, { bearer })).data.map((entry) => entry.action);

describe('an organisation that asks for a second factor', () => {
  const asks = (tenantId: string, secondFactor = 'required') =>
    product.admin(
      'tenant',
      'sign-in',
      tenantId,
      '--second-factor',
      secondFactor,
      '--reason',
      'Audit asks for it.',
    );

  it('lets nobody in without one: not by password, reset, refresh or an older token; they set one up and are in', async () => {
    const made = await register();
    const { email } = made.user;
    await post('email/verify', { token: tokenIn((await mailsTo(email))[0]) });
    await mailsTo(email, 2);
    const elsewhere = (await login(email)).body;
    await asks(made.tenant.id);

    // What is in goes on until it needs a token, and then signs in anew.
    expect((await me(made.access_token)).status).toBe(200);
    expect(refusal(await refresh(elsewhere))).toEqual([401, 'UNAUTHENTICATED']);
    expect(refusal(await post('reauthenticate', { password: PASSWORD }, made.access_token))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    await eventually(async () => expect((await me(made.access_token)).status).toBe(401));

    await post('password/forgot', { email });
    const other = 'seven lanterns over gravel';
    const token = tokenIn((await mailsTo(email, 3)).at(-1));
    expect((await post('password/confirm', { token, password: other })).status).toBe(200);

    const asked = await login(email, {}, other);
    expect(refusal(asked)).toEqual([401, 'MFA_ENROLLMENT_REQUIRED']);
    const mfa_token = mfaToken(asked);
    // The token is good for setting one up, and nothing else.
    for (const answer of [
      await me(mfa_token),
      await post('refresh', { refresh_token: mfa_token }),
      await post('mfa/totp/challenge', { mfa_token, code: '123456' }),
    ])
      expect(refusal(answer)).toEqual([401, 'UNAUTHENTICATED']);
    expect(refusal(await post('mfa/totp/enroll', {}))).toEqual([401, 'UNAUTHENTICATED']);
    const { secret } = (await post('mfa/totp/enroll', { mfa_token })).body;
    expect(refusal(await post('mfa/totp/confirm', { mfa_token, code: '000000' }))).toEqual([
      403,
      'CODE_INVALID',
    ]);
    const done = await post('mfa/totp/confirm', { mfa_token, code: await lastCodeOf(secret) });
    expect(done.body.backup_codes).toHaveLength(10);
    const session = done.body.signed_in!;
    expect(claimsOf(session).amr).toEqual(['pwd', 'otp', 'mfa']);
    expect((await refresh(session)).status).toBe(200);
    expect(refusal(await post('mfa/totp/enroll', { mfa_token }))).toEqual([401, 'UNAUTHENTICATED']);

    const again = await login(email, {}, other);
    expect(refusal(again)).toEqual([401, 'MFA_REQUIRED']);
    const challenged = { mfa_token: mfaToken(again), code: codeOf(secret) };
    expect(refusal(await post('mfa/totp/enroll', { mfa_token: mfaToken(again) }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect((await post('mfa/totp/challenge', challenged)).status).toBe(200);
    expect(await attemptsOf(session.access_token)).toEqual([
      'signed_in',
      'second_factor',
      'signed_in',
      'wrong_code',
      'enrollment',
      // Right, and the session ended all the same.
      'reauthenticated',
      'signed_in',
      'signed_up',
    ]);
    await eventually(async () =>
      expect(await trailOf(session.access_token)).toEqual(
        expect.arrayContaining(['SIGN_IN_POLICY_CHANGED', 'MFA_ENABLED']),
      ),
    );
  });

  it('lets nobody in by Google either; who sets one up while they are in stays in', async () => {
    const email = newEmail();
    const made = await signUp(product.api.url, { email });
    await asks(made.tenant.id);
    const bearer = await signInWithGoogle(email);
    for (const path of ['login', 'register']) {
      const body = path === 'login' ? undefined : { organization_name: 'Acme' };
      const answer = await call<Answered>(auth(path), { method: 'POST', bearer, body });
      expect(refusal(answer)).toEqual([401, 'MFA_ENROLLMENT_REQUIRED']);
    }
    const { secret } = (await post('mfa/totp/enroll', {}, made.access_token)).body;
    const done = await post('mfa/totp/confirm', { code: await lastCodeOf(secret) }, made.access_token);
    expect(done.body.signed_in).toBeNull();
    const renewed = await refresh(made);
    expect(claimsOf(renewed.body).amr).toEqual(['fed', 'otp', 'mfa']);
    // And keeps it, for as long as it is asked for; a code that came with the wish is not used up.
    const [code] = done.body.backup_codes;
    const disable = () => post('mfa/totp/disable', { code }, renewed.body.access_token);
    const refused = await disable();
    expect(refusal(refused)).toEqual([409, 'MFA_REQUIRED_BY_TENANT']);
    expect(refused.body.error.details).toEqual({ tenant_id: made.tenant.id });
    await asks(made.tenant.id, 'optional');
    expect((await disable()).status).toBe(200);
    const attempts = await succeed<Answered>(auth('login-events'), { bearer: renewed.body.access_token });
    expect(attempts.data.filter((one) => one.outcome === 'enrollment')).toHaveLength(2);
  });
});

describe('what is dangerous', () => {
  it('asks who is calling, unless they showed it within ten minutes; once shown, the session has a new auth_time', async () => {
    const made = await aged(product, await register());
    const bearer = made.access_token;
    for (const [path, body] of [
      ['email/change', { email: newEmail() }],
      ['password/change', { new_password: 'seven lanterns over gravel' }],
      ['mfa/totp/enroll', {}],
      ['mfa/totp/disable', {}],
      ['mfa/backup-codes', {}],
    ] as const) {
      const answer = await post(path, body, bearer);
      expect([path, ...refusal(answer)]).toEqual([path, 403, 'REAUTHENTICATION_REQUIRED']);
      expect(answer.body.error.details).toMatchObject({ max_age_seconds: 600 });
    }
    const remove = { method: 'DELETE', bearer, body: { email: made.user.email } };
    expect(refusal(await call<Answered>(auth('me'), remove))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);

    const show = (body: object) => post('reauthenticate', body, bearer);
    expect(refusal(await show({ password: 'not the right one' }))).toEqual([
      403,
      'REAUTHENTICATION_REQUIRED',
    ]);
    expect(refusal(await show({ code: '123456' }))).toEqual([403, 'CODE_INVALID']);
    const shown = await show({ password: PASSWORD });
    expect(Object.keys(shown.body).sort()).toEqual(['access_token', 'expires_in', 'token_type']);
    const [before, after] = [claimsOf(made), claimsOf(shown.body)];
    expect(after.sid).toBe(before.sid);
    expect(after.auth_time).toBeGreaterThan(before.auth_time + 3_000);
    expect((await post('email/change', { email: newEmail() }, shown.body.access_token)).status).toBe(200);
    // A new password still wants the one before: a session that was left open must not be enough.
    const change = { new_password: 'seven lanterns over gravel' };
    expect(refusal(await post('password/change', change, shown.body.access_token))).toEqual([
      403,
      'REAUTHENTICATION_REQUIRED',
    ]);
    // A refresh keeps it, and the session ends when it would have: thirty days after the sign-in.
    expect(claimsOf((await refresh(made)).body).auth_time).toBe(after.auth_time);
  });

  it('asks who has a second factor for that one, and then takes it off', async () => {
    const fresh = await register();
    const { secret } = (await post('mfa/totp/enroll', {}, fresh.access_token)).body;
    await post('mfa/totp/confirm', { code: await lastCodeOf(secret) }, fresh.access_token);
    const made = await aged(product, fresh);
    const byPassword = await post('reauthenticate', { password: PASSWORD }, made.access_token);
    expect(refusal(byPassword)).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect(byPassword.body.error.details).toMatchObject({ methods: ['code'] });
    const alone = await post('mfa/totp/disable', { password: PASSWORD }, made.access_token);
    expect(refusal(alone)).toEqual([403, 'CODE_INVALID']);
    const shown = await post('reauthenticate', { code: codeOf(secret) }, made.access_token);
    expect((await post('mfa/totp/disable', {}, shown.body.access_token)).status).toBe(200);
    expect((await login(made.user.email)).status).toBe(200);
  });

  it('takes no password for the second factor: not with an old token, nor with one that never showed it', async () => {
    const email = newEmail();
    const first = await register(email);
    await post('email/verify', { token: tokenIn((await mailsTo(email))[0]) });
    const fresh = { ...first, ...(await refresh(first)).body };
    const github = await signInAt('github.com', { sub: email, email: newEmail(), verified: true });
    const google = await signInAt('google.com', { sub: email, email: newEmail(), verified: true });
    const linked = await post('identities', { id_token: github }, fresh.access_token);
    const { secret } = (await post('mfa/totp/enroll', {}, fresh.access_token)).body;
    await post('mfa/totp/confirm', { code: await lastCodeOf(secret) }, fresh.access_token);
    const late = await aged(product, fresh);

    const password = { password: PASSWORD };
    const acts: [string, string, object][] = [
      ['POST', 'identities', { id_token: google, ...password }],
      ['DELETE', `identities/${linked.body.identity?.id}`, password],
      ['POST', 'email/change', { email: newEmail(), ...password }],
      ['POST', 'mfa/totp/enroll', password],
      ['POST', 'service-accounts', { name: 'Robot', scopes: ['audit:read'] }],
      ['POST', 'password/change', { current_password: PASSWORD, new_password: 'seven lanterns over gravel' }],
      ['DELETE', 'me', { email, ...password }],
    ];
    const act = (bearer: string, [method, path, body]: (typeof acts)[number]) =>
      call<Answered>(auth(path), { method, bearer, body });
    // The one has shown itself just now, by the password; the other the second factor, an hour ago.
    expect([claimsOf(fresh).amr, claimsOf(late).amr]).toEqual([['pwd'], ['pwd', 'otp', 'mfa']]);
    for (const { access_token } of [fresh, late])
      for (const one of acts)
        expect([one[1], ...refusal(await act(access_token, one))]).toEqual([
          one[1],
          403,
          'REAUTHENTICATION_REQUIRED',
        ]);
    const shown = await post('reauthenticate', { code: codeOf(secret) }, late.access_token);
    const statuses = [];
    for (const [method, path, body] of acts) {
      const { password: _, ...alone } = body as { password?: string };
      statuses.push((await act(shown.body.access_token, [method, path, alone])).status);
    }
    expect(statuses).toEqual([201, 200, 200, 409, 201, 200, 200]);
  });

  it('takes a fresh ID token of one’s own, and nobody else’s', async () => {
    const email = newEmail();
    const made = await aged(product, await signUp(product.api.url, { email }));
    const show = (id_token: string) => post('reauthenticate', { id_token }, made.access_token);
    const mallory = await signUp(product.api.url);
    expect(refusal(await show(mallory.idToken))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect(refusal(await show('e30.e30.'))).toEqual([401, 'UNAUTHENTICATED']);
    const shown = await show(await signInWithGoogle(email));
    expect((await post('mfa/totp/enroll', {}, shown.body.access_token)).status).toBe(200);
    expect(await attemptsOf(made.access_token)).toEqual([
      'reauthenticated',
      'refused',
      'refused',
      'signed_up',
    ]);
  });
});

describe('a new device (S1-20)', () => {
  it('is told of by mail, once, and not at sign-up', async () => {
    const email = newEmail();
    const made = await register(email);
    await mailsTo(email);
    const newOnes = async (count: number) =>
      (await mailsTo(email, count)).filter((mail) => mail.subject.startsWith('A new sign-in')).length;

    const phone = (await login(email, { 'user-agent': SAFARI })).body;
    const [, mail] = await mailsTo(email, 2);
    expect(mail?.subject).toBe('A new sign-in: Safari 17 on iOS');
    for (const form of [mail?.text, mail?.html]) {
      expect(form).toContain('127.0.0.1');
      expect(form).toContain(claimsOf(phone).sid);
    }
    // The same again, and the next version of what was seen: known. An id that the client keeps is another device.
    await login(email, { 'user-agent': SAFARI });
    await login(email);
    await login(email, { 'user-agent': FIREFOX });
    expect(await newOnes(3)).toBe(2);
    await login(email, { 'user-agent': FIREFOX_NEXT });
    const id = { 'x-device-id': 'a-device-of-my-own-1' };
    await login(email, { 'user-agent': SAFARI, ...id });
    expect(await newOnes(4)).toBe(3);
    await login(email, { 'user-agent': FIREFOX, ...id });
    await eventually(async () => {
      const trail = await trailOf(made.access_token);
      expect(trail.filter((action) => action === 'SESSION_STARTED')).toHaveLength(8);
      expect(trail.filter((action) => action === 'NEW_DEVICE_SEEN')).toHaveLength(3);
    });
  });
});

describe('attempts to sign in (S2-25, S2-64)', () => {
  it('are each recorded with what was wrong, and read by whose account it is and by operators', async () => {
    const made = await register();
    const { email } = made.user;
    // Attempts are told to who has proved the address.
    await post('email/verify', { token: tokenIn((await mailsTo(email))[0]) });
    await login(email, { 'user-agent': FIREFOX }, 'not the right one');
    const first = (await login(email)).body;
    // Twice refreshed, then the first token again, long after its successor was used: a thief.
    const second = (await refresh(first)).body;
    await refresh({ ...first, ...second });
    await product.query(`update identity.refresh_tokens set rotated_at = rotated_at - interval '1 minute'`);
    expect(refusal(await refresh(first))).toEqual([401, 'UNAUTHENTICATED']);
    const nobody = newEmail();
    await login(nobody);

    const { secret } = (await post('mfa/totp/enroll', {}, made.access_token)).body;
    await post('mfa/totp/confirm', { code: await lastCodeOf(secret) }, made.access_token);
    await post('reauthenticate', { code: '000000' }, made.access_token);
    const shown = await post('reauthenticate', { code: codeOf(secret) }, made.access_token);
    // Right, but the password was changed between the factors.
    const half = await login(email);
    expect(refusal(half)).toEqual([401, 'MFA_REQUIRED']);
    const change = { current_password: PASSWORD, new_password: 'seven lanterns over gravel' };
    expect((await post('password/change', change, shown.body.access_token)).status).toBe(200);
    const late = { mfa_token: mfaToken(half), code: codeOf(secret, 1) };
    expect(refusal(await post('mfa/totp/challenge', late))).toEqual([401, 'UNAUTHENTICATED']);
    const strict = await product.startApi({ AUTH_LOCKOUT_THRESHOLD: '1' });
    const guess = () =>
      call(`${strict.url}/api/v1/auth/login`, { body: { email, password: 'not the right one' } });
    await guess();
    await guess();
    const asked = await call<ErrorBody>(`${strict.url}/api/v1/auth/password/change`, {
      body: change,
      bearer: shown.body.access_token,
    });
    expect(refusal(asked)).toEqual([429, 'SIGN_IN_LOCKED']);
    await strict.stop();

    const list = (query = '') =>
      succeed<Answered>(auth(`login-events${query}`), { bearer: made.access_token });
    const { data } = await list();
    expect(data.map((one) => one.outcome)).toEqual([
      'locked',
      'locked',
      'wrong_password',
      'refused',
      'second_factor',
      'reauthenticated',
      'wrong_code',
      'refresh_reuse',
      'signed_in',
      'wrong_password',
      'signed_up',
    ]);
    expect(data[9]).toMatchObject({ method: 'password', browser: 'Firefox 128', session_id: null });
    expect(data[10]?.session_id).toBe(claimsOf(made).sid);
    const homeless = await register();
    await product.query('delete from tenancy.memberships where user_id = $1', [homeless.user.id]);
    expect(refusal(await login(homeless.user.email))).toEqual([403, 'NO_ORGANIZATION']);
    await post('mfa/totp/challenge', { mfa_token: 'mfa_unknown', code: '123456' });
    const rows = await product.query(
      `select distinct outcome, method, user_id from identity.user_login_events
       where outcome = 'unknown_address' or outcome = 'refused' and (user_id is null or user_id = $1) order by 2, 3`,
      [homeless.user.id],
    );
    expect(rows).toEqual([
      { outcome: 'refused', method: 'password', user_id: homeless.user.id },
      { outcome: 'unknown_address', method: 'password', user_id: null },
      { outcome: 'refused', method: 'totp', user_id: null },
    ]);
    const page = await list('?limit=2');
    expect((await list(`?limit=2&cursor=${page.next_cursor}`)).data).toEqual(data.slice(2, 4));
    const other = await signUp(product.api.url);
    expect((await succeed<Answered>(auth('login-events'), { bearer: other.access_token })).data).toHaveLength(
      1,
    );

    const told = await product.admin('users', 'logins', email.toUpperCase());
    expect(told.trim().split('\n')).toHaveLength(11);
    expect(told).toContain('wrong_code totp 127.0.0.1');
  });
});

describe('a person', () => {
  it('says what they are called, in which language, and where', async () => {
    const made = await register();
    const change = (body: object) =>
      call<Answered>(auth('me'), { method: 'PATCH', bearer: made.access_token, body });
    const changed = await change({
      display_name: ' Ada Lovelace ',
      locale: 'de-at',
      time_zone: 'europe/vienna',
    });
    expect(changed.body.user).toMatchObject({
      display_name: 'Ada Lovelace',
      locale: 'de-AT',
      time_zone: 'Europe/Vienna',
    });
    await change({ locale: null });
    expect((await me(made.access_token)).body.user).toMatchObject({
      display_name: 'Ada Lovelace',
      locale: null,
      time_zone: 'Europe/Vienna',
    });
    for (const body of [{ locale: 'not a tag' }, { time_zone: 'Mars/Olympus' }, { display_name: 'a\u0000b' }])
      expect(refusal(await change(body))).toEqual([422, 'VALIDATION_FAILED']);
  });

  it('is kept out by an operator, everywhere and at once, and let in again', async () => {
    const made = await register();
    const users = (verb: string) =>
      product.admin('users', verb, made.user.id, '--reason', 'Their laptop was stolen.');
    expect(await users('suspend')).toContain('1 sessions ended');
    await eventually(async () => expect((await me(made.access_token)).status).toBe(401));
    expect(refusal(await refresh(made))).toEqual([401, 'UNAUTHENTICATED']);
    expect(refusal(await login(made.user.email))).toEqual([403, 'ACCOUNT_SUSPENDED']);
    // Who does not know the password learns nothing of it.
    expect(refusal(await login(made.user.email, {}, 'not the right one'))).toEqual([
      401,
      'INVALID_CREDENTIALS',
    ]);
    await users('reactivate');
    const again = (await login(made.user.email)).body;
    expect(await attemptsOf(again.access_token)).toEqual(['signed_in', 'suspended', 'signed_up']);
    await eventually(async () =>
      expect(await trailOf(again.access_token)).toEqual(
        expect.arrayContaining(['USER_SUSPENDED', 'USER_REACTIVATED']),
      ),
    );
  });
});
