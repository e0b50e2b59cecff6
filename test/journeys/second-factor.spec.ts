import { createHash } from 'node:crypto';
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
  signInWithGoogle,
  succeed,
} from '../support/person.js';

const OTHER = 'seven lanterns over gravel';

const product = journeyProduct();

type Answered = RegisteredBody &
  ErrorBody & { secret: string; otpauth_uri: string; qr_code: string; backup_codes: string[] };

const post = (path: string, body: object, bearer?: string) =>
  call<Answered>(`${product.v1}/auth/${path}`, { body, bearer });
const login = (email: string, password = PASSWORD) => post('login', { email, password });
const challenge = (mfa_token: string, code: string) => post('mfa/totp/challenge', { mfa_token, code });
const mfaToken = (answer: { body: ErrorBody }) => String(answer.body.error.details?.mfa_token);

/** The bytes that an authenticator makes its codes of (RFC 4648). */
function base32(text: string): Buffer {
  const bits = [...text].map((one) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'),
  );
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}

/** Somebody with an authenticator. The code that finished the enrolment is used up. */
async function enrolled(): Promise<{ made: RegisteredBody; secret: string; codes: string[] }> {
  const email = newEmail();
  const made = (await post('register', { email, password: PASSWORD, organization_name: 'Acme' })).body;
  const { body } = await post('mfa/totp/enroll', { password: PASSWORD }, made.access_token);
  expect(body.otpauth_uri).toMatch(/^otpauth:\/\/totp\//);
  expect(body.qr_code).toMatch(/^data:image\/png;base64,/);
  // One step back, so that this and the next are left to the test.
  const confirmed = await post(
    'mfa/totp/confirm',
    { code: await lastCodeOf(body.secret) },
    made.access_token,
  );
  expect(confirmed.status).toBe(200);
  return { made, secret: body.secret, codes: confirmed.body.backup_codes };
}

describe('the second factor (S1-13)', () => {
  it('is asked for at login, takes each code once and each backup code once', async () => {
    const { made, secret, codes } = await enrolled();
    expect(new Set(codes).size).toBe(10);
    const asked = await login(made.user.email);
    expect(refusal(asked)).toEqual([401, 'MFA_REQUIRED']);
    const token = mfaToken(asked);
    expect(refusal(await challenge(token, '000000'))).toEqual([403, 'CODE_INVALID']);

    const code = codeOf(secret);
    const others = await Promise.all([1, 2, 3, 4].map(async () => mfaToken(await login(made.user.email))));
    const answers = await Promise.all([token, ...others].map((one) => challenge(one, code)));
    expect(answers.map((one) => one.status).sort()).toEqual([200, 403, 403, 403, 403]);
    const access = answers.find((one) => one.status === 200)!.body.access_token;
    expect(payloadOf<{ amr: string[] }>(access).amr).toEqual(['pwd', 'otp', 'mfa']);

    const [backup = ''] = codes;
    const twice = await Promise.all(others.slice(0, 2).map((one) => challenge(one, backup.toUpperCase())));
    expect(twice.filter((one) => one.status === 200).length).toBeLessThanOrEqual(1);
    expect(refusal(await challenge(mfaToken(await login(made.user.email)), backup))).toEqual([
      403,
      'CODE_INVALID',
    ]);
    expect(refusal(await challenge('mfa_unknown', codes[1]!))).toEqual([401, 'UNAUTHENTICATED']);
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.v1}/audit`, { bearer: access });
      expect(data.map((entry) => entry.action)).toContain('MFA_ENABLED');
    });
  });

  it('is owed by nobody who was written into Redis', async () => {
    const [ada, mallory] = await Promise.all([enrolled(), enrolled()]);
    const redis = product.redisClient();
    const placeOf = (token: string) =>
      `auth:nonce:mfa:${createHash('sha256').update(token).digest('base64url')}`;
    const asked = async ({ made }: typeof ada) => mfaToken(await login(made.user.email));
    const [hers, own] = await Promise.all([asked(ada), asked(mallory)]);
    expect(await redis.get(placeOf(hers))).not.toContain(ada.made.user.id);
    // With what Ada has shown, and a code of Mallory's own.
    await redis.set(placeOf(own), (await redis.get(placeOf(hers))) ?? '', 'EX', 300);
    expect(refusal(await challenge(own, codeOf(mallory.secret)))).toEqual([401, 'UNAUTHENTICATED']);
    const pending = {
      ...{ purpose: 'enroll', userId: ada.made.user.id, tenantId: ada.made.tenant.id, provider: 'password' },
      ...{ amr: ['pwd'], passwordOf: null, from: null },
    };
    const invented = `mfa_${'a'.repeat(43)}`;
    await redis.set(placeOf(invented), JSON.stringify(pending), 'EX', 300);
    expect(refusal(await post('mfa/totp/enroll', { mfa_token: invented }))).toEqual([401, 'UNAUTHENTICATED']);
    expect((await challenge(hers, codeOf(ada.secret))).status).toBe(200);
  });

  it('is not passed by with a forgotten password, a refresh, or another way to sign in', async () => {
    const { made } = await enrolled();
    const { email } = made.user;
    await post('email/verify', { token: tokenIn((await mailsTo(email))[0]) });
    await mailsTo(email, 2);
    await post('password/forgot', { email });
    const token = tokenIn((await mailsTo(email, 3)).at(-1));
    expect((await post('password/confirm', { token, password: OTHER })).status).toBe(200);
    expect(refusal(await post('refresh', { refresh_token: made.refresh_token }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    const asked = await login(email, OTHER);
    expect(refusal(asked)).toEqual([401, 'MFA_REQUIRED']);
    // What is half signed in is no bearer and no refresh token.
    expect(refusal(await post('refresh', { refresh_token: mfaToken(asked) }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    const me = await call<ErrorBody>(`${product.v1}/auth/me`, { bearer: mfaToken(asked) });
    expect(refusal(me)).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('goes with a reset where the address was never proved: whoever put it there may not be who reads the mail', async () => {
    const { made } = await enrolled();
    const { email } = made.user;
    await mailsTo(email);
    await post('password/forgot', { email });
    const token = tokenIn((await mailsTo(email, 2)).at(-1));
    expect((await post('password/confirm', { token, password: OTHER })).status).toBe(200);
    const { body } = await login(email, OTHER);
    expect(body.user).toMatchObject({ id: made.user.id, email_verified: true });
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.api.url}/api/v1/audit`, {
        bearer: body.access_token,
      });
      expect(data.map((entry) => entry.action)).toContain('MFA_DISABLED');
    });
    expect((await post('mfa/totp/enroll', { password: OTHER }, body.access_token)).status).toBe(200);
  });

  it('stands nowhere that it could be read from, and half signed in is nobody for more than five minutes', async () => {
    const { made, secret, codes } = await enrolled();
    const rows = await product.query<{ codes: string; factor: string }>(
      `select (select string_agg(t::text, ' ') from identity.backup_codes t where user_id = $1) as codes,
         (select t::text from identity.totp_factors t where user_id = $1) as factor`,
      [made.user.id],
    );
    expect(rows[0]?.codes.split(made.user.id)).toHaveLength(11);
    for (const code of codes.flatMap((one) => [one, one.replace('-', '')]))
      for (const bytes of [Buffer.from(code), createHash('sha256').update(code).digest()])
        expect(rows[0]?.codes).not.toContain(bytes.toString('hex'));
    for (const bytes of [Buffer.from(secret), base32(secret)])
      expect(rows[0]?.factor).not.toContain(bytes.toString('hex'));

    const token = mfaToken(await login(made.user.email));
    const key = `auth:nonce:mfa:${createHash('sha256').update(token).digest('base64url')}`;
    const redis = product.redisClient();
    const left = await redis.ttl(key);
    expect([left > 0, left <= 300]).toEqual([true, true]);
    await redis.pexpire(key, 1);
    await eventually(async () => expect(await redis.exists(key)).toBe(0));
    expect(refusal(await challenge(token, codeOf(secret)))).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('is guessed at no more often than a password, with however many tokens and wherever it is asked for', async () => {
    const { made, codes } = await enrolled();
    const pending = (
      await post('register', { email: newEmail(), password: PASSWORD, organization_name: 'Acme' })
    ).body;
    await post('mfa/totp/enroll', {}, pending.access_token);
    const strict = await product.startApi({ AUTH_LOCKOUT_THRESHOLD: '3', AUTH_LOCKOUT_SECONDS: '600' });
    const guess = (path: string, body: object, bearer?: string) =>
      call<Answered>(`${strict.url}/api/v1/auth/${path}`, { body, bearer });
    const tokens = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async () => mfaToken(await login(made.user.email))),
    );
    const answers = await Promise.all(
      tokens.map((mfa_token) => guess('mfa/totp/challenge', { mfa_token, code: '000000' })),
    );
    expect(answers.map((one) => one.status).sort()).toEqual([403, 403, 403, 429, 429, 429]);
    // Right or wrong, by a new token or by who is signed in.
    const mfa_token = mfaToken(await login(made.user.email));
    const { access_token } = made;
    const setUp = () => guess('mfa/totp/confirm', { code: '000000' }, pending.access_token);
    for (let i = 0; i < 3; i++) expect(refusal(await setUp())).toEqual([403, 'CODE_INVALID']);
    for (const refused of [
      await guess('mfa/totp/challenge', { mfa_token, code: codes[0] }),
      await guess('reauthenticate', { code: codes[0] }, access_token),
      await guess('mfa/backup-codes', { password: PASSWORD, code: codes[0] }, access_token),
      await setUp(),
    ])
      expect(refusal(refused)).toEqual([429, 'SIGN_IN_LOCKED']);
    const outcomes = async (bearer: string) => {
      const { data } = await succeed<{ data: { outcome: string }[] }>(
        `${product.api.url}/api/v1/auth/login-events?limit=100`,
        { bearer },
      );
      return Object.entries(Object.groupBy(data, (one) => one.outcome)).map(([of, all]) => [of, all?.length]);
    };
    expect(Object.fromEntries(await outcomes(access_token))).toMatchObject({ wrong_code: 3, locked: 6 });
    expect(Object.fromEntries(await outcomes(pending.access_token))).toEqual({
      wrong_code: 3,
      locked: 1,
      signed_up: 1,
    });
    await strict.stop();
  });

  it('is asked for after Google, too', async () => {
    const bearer = await signInWithGoogle(newEmail());
    const made = (
      await call<Answered>(`${product.v1}/auth/register`, {
        bearer,
        body: { organization_name: 'Acme' },
      })
    ).body;
    // Signed in just now, and without a password.
    const { secret } = (await post('mfa/totp/enroll', {}, made.access_token)).body;
    expect((await post('mfa/totp/confirm', { code: codeOf(secret) }, made.access_token)).status).toBe(200);
    for (const path of ['login', 'register']) {
      const body = path === 'login' ? undefined : { organization_name: 'Acme' };
      const again = await call<Answered>(`${product.v1}/auth/${path}`, {
        method: 'POST',
        bearer,
        body,
      });
      expect(refusal(again)).toEqual([401, 'MFA_REQUIRED']);
    }
  });

  it('ends other sessions when it begins, and is given up only by who can show it', async () => {
    const email = newEmail();
    const fresh = (await post('register', { email, password: PASSWORD, organization_name: 'Acme' })).body;
    const made = await aged(product, fresh);
    const elsewhere = (await login(email)).body;
    expect(refusal(await post('mfa/totp/enroll', {}, made.access_token))).toEqual([
      403,
      'REAUTHENTICATION_REQUIRED',
    ]);
    const { secret } = (await post('mfa/totp/enroll', { password: PASSWORD }, made.access_token)).body;
    expect(refusal(await post('mfa/totp/confirm', { code: '123' }, made.access_token))).toEqual([
      403,
      'CODE_INVALID',
    ]);
    // Not confirmed, not asked for.
    expect((await login(email)).status).toBe(200);
    const { backup_codes: codes } = (
      await post('mfa/totp/confirm', { code: await lastCodeOf(secret) }, made.access_token)
    ).body;
    expect(refusal(await post('refresh', { refresh_token: elsewhere.refresh_token }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect(refusal(await post('mfa/totp/enroll', { password: PASSWORD }, made.access_token))).toEqual([
      403,
      'REAUTHENTICATION_REQUIRED',
    ]);

    // Finishing the enrolment was a proof itself, for the tokens that come after it; this one is older.
    const renew = (body: object) => post('mfa/backup-codes', body, made.access_token);
    expect(refusal(await renew({ code: codes[0] }))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    const renewed = (await renew({ password: PASSWORD, code: codes[0] })).body.backup_codes;
    const disable = (code: string) =>
      post('mfa/totp/disable', { password: PASSWORD, code }, made.access_token);
    expect(refusal(await disable(codes[1]!))).toEqual([403, 'CODE_INVALID']);
    expect((await disable(renewed[0]!)).status).toBe(200);
    expect((await login(email)).status).toBe(200);
  });
});
