import { generateSync } from 'otplib';
import { aged } from '../support/aged-session.js';
import { eventually } from '../support/eventually.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  type RegisteredBody,
  signInWithGoogle,
  succeed,
} from '../support/person.js';
import { type Product, startProduct } from '../support/product.js';

const PASSWORD = 'velvet otter marches nine';
const OTHER = 'seven lanterns over gravel';

let product: Product;

beforeAll(async () => {
  product = await startProduct();
}, 60_000);

afterAll(() => product?.stop(), 60_000);

type Answered = RegisteredBody &
  ErrorBody & { secret: string; otpauth_uri: string; qr_code: string; backup_codes: string[] };

const post = (path: string, body: object, bearer?: string) =>
  call<Answered>(`${product.api.url}/api/v1/auth/${path}`, { body, bearer });
const refusal = ({ status, body }: { status: number; body: ErrorBody }) => [status, body.error?.code];
const login = (email: string, password = PASSWORD) => post('login', { email, password });
const challenge = (mfa_token: string, code: string) => post('mfa/totp/challenge', { mfa_token, code });
const mfaToken = (answer: { body: ErrorBody }) => String(answer.body.error.details?.mfa_token);
/** `steps` of 30 s from now; one to either side counts. */
const codeOf = (secret: string, steps = 0) =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1_000) + steps * 30 });

/** Somebody with an authenticator. The code that finished the enrolment is used up. */
async function enrolled(): Promise<{ made: RegisteredBody; secret: string; codes: string[] }> {
  const email = newEmail();
  const made = (await post('register', { email, password: PASSWORD, organization_name: 'Acme' })).body;
  const { body } = await post('mfa/totp/enroll', { password: PASSWORD }, made.access_token);
  expect(body.otpauth_uri).toMatch(/^otpauth:\/\/totp\//);
  expect(body.qr_code).toMatch(/^data:image\/png;base64,/);
  // One step back, so that this and the next are left to the test.
  const confirmed = await post('mfa/totp/confirm', { code: codeOf(body.secret, -1) }, made.access_token);
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
    const claims = JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString());
    expect(claims.amr).toEqual(['pwd', 'otp', 'mfa']);

    const [backup = ''] = codes;
    const twice = await Promise.all(others.slice(0, 2).map((one) => challenge(one, backup.toUpperCase())));
    expect(twice.filter((one) => one.status === 200).length).toBeLessThanOrEqual(1);
    expect(refusal(await challenge(mfaToken(await login(made.user.email)), backup))).toEqual([
      403,
      'CODE_INVALID',
    ]);
    expect(refusal(await challenge('mfa_unknown', codes[1]!))).toEqual([401, 'UNAUTHENTICATED']);
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.api.url}/api/v1/audit`, { bearer: access });
      expect(data.map((entry) => entry.action)).toContain('MFA_ENABLED');
    });
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
    const me = await call<ErrorBody>(`${product.api.url}/api/v1/auth/me`, { bearer: mfaToken(asked) });
    expect(refusal(me)).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('is asked for after Google, too', async () => {
    const bearer = await signInWithGoogle(newEmail());
    const made = (
      await call<Answered>(`${product.api.url}/api/v1/auth/register`, {
        bearer,
        body: { organization_name: 'Acme' },
      })
    ).body;
    // Signed in just now, and without a password.
    const { secret } = (await post('mfa/totp/enroll', {}, made.access_token)).body;
    expect((await post('mfa/totp/confirm', { code: codeOf(secret) }, made.access_token)).status).toBe(200);
    for (const path of ['login', 'register']) {
      const body = path === 'login' ? undefined : { organization_name: 'Acme' };
      const again = await call<Answered>(`${product.api.url}/api/v1/auth/${path}`, {
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
      await post('mfa/totp/confirm', { code: codeOf(secret, -1) }, made.access_token)
    ).body;
    expect(refusal(await post('refresh', { refresh_token: elsewhere.refresh_token }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect(refusal(await post('mfa/totp/enroll', { password: PASSWORD }, made.access_token))).toEqual([
      409,
      'MFA_ALREADY_ENABLED',
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
