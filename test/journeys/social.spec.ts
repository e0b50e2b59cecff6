import { aged } from '../support/aged-session.js';
import { codeOf } from '../support/authenticator.js';
import { eventually } from '../support/eventually.js';
import { changeAccount, claimsIn, forged, signUpAtFirebase } from '../support/firebase.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  refusal,
  type RegisteredBody,
  signInAt,
  signInWithGoogle,
  succeed,
} from '../support/person.js';

const PROVIDERS = ['google.com', 'github.com', 'microsoft.com'];

const product = journeyProduct();

interface Identity {
  id: string;
  provider: string;
  email: string;
  email_verified: boolean;
  last_used_at: string | null;
}
type Answered = RegisteredBody &
  ErrorBody & {
    status: string;
    revoked: number;
    provider: string;
    identity: Identity | null;
    secret: string;
  };

const post = (path: string, body: object | undefined, bearer?: string) =>
  call<Answered>(`${product.v1}/auth/${path}`, { method: 'POST', body, bearer });
const register = (idToken: string) => post('register', { organization_name: 'Acme Tools' }, idToken);
const login = (idToken: string) => post('login', undefined, idToken);
const link = (bearer: string, id_token: string, password?: string) =>
  post('identities', { id_token, password }, bearer);
const unlink = (bearer: string, id: string, body?: object) =>
  call<Answered>(`${product.v1}/auth/identities/${id}`, { method: 'DELETE', bearer, body });
const ways = (bearer: string) =>
  succeed<{ data: Identity[]; password_set: boolean }>(`${product.v1}/auth/identities`, { bearer });
const anybody = (verified = true) => ({ sub: `sub-${newEmail()}`, email: newEmail(), verified });

/** Somebody with a password and a proved address. */
async function withPassword(): Promise<RegisteredBody> {
  const email = newEmail();
  const made = (await post('register', { email, password: PASSWORD, organization_name: 'Acme' })).body;
  await post('email/verify', { token: tokenIn((await mailsTo(email))[0]) });
  return made;
}

/** Whom the locator and the person's own rows name for what they sign in with; both must say the same. */
async function halves(userId: string) {
  const rows = await product.query(
    `select i.user_id as located, l.user_id as linked from identity.linked_identities l
     full join (select * from identity.identities where connection like 'firebase:%:%') i
       using (connection, subject) where i.user_id = $1 or l.user_id = $1`,
    [userId],
  );
  return rows;
}

describe('signing in by a provider (S1-04, S1-05, S1-06)', () => {
  it.each(PROVIDERS)('registers and signs in by %s', async (provider) => {
    const person = anybody();
    const idToken = await signInAt(provider, person);
    const made = await register(idToken);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ user: { email: person.email, email_verified: true } });
    const back = await login(idToken);
    expect(back.body.user.id).toBe(made.body.user.id);
    const { data, password_set } = await ways(back.body.access_token);
    expect(data).toMatchObject([{ provider, email: person.email, email_verified: true }]);
    expect(password_set).toBe(false);
  });

  it.each(PROVIDERS)('takes no address of %s for verified that the issuer does not', async (provider) => {
    const person = anybody(false);
    const idToken = await signInAt(provider, person);
    const made = (await register(idToken)).body;
    expect(made.user.email_verified).toBe(false);
    // What our own custom claims say of somebody is no word of the issuer's.
    const claiming = forged(idToken, { email_verified: true });
    expect((await login(claiming)).body.user.email_verified).toBe(false);
    // The key goes nowhere before the address is proved; the mail that proves it does.
    const [verification] = await mailsTo(person.email);
    expect(verification?.text).not.toContain(made.license.key);
    expect((await post('email/verify', { token: tokenIn(verification) })).status).toBe(200);
    expect((await mailsTo(person.email, 2))[1]?.text).toContain(made.license.key);
    expect((await login(idToken)).body.user.email_verified).toBe(true);
  });

  it('lets nobody in whose token is not of such a provider, and says why in the log alone', async () => {
    const good = await signInWithGoogle(newEmail());
    const { firebase } = claimsIn(good);
    const now = Math.floor(Date.now() / 1_000);
    const google = firebase.identities['google.com']!;
    const refused = {
      'sign-in provider password': await signUpAtFirebase({ email: newEmail(), password: 'a b c d e f' }),
      'sign-in provider anonymous': await signUpAtFirebase({}),
      'sign-in provider phone': forged(good, { firebase: { ...firebase, sign_in_provider: 'phone' } }),
      'sign-in provider custom': forged(good, { firebase: { ...firebase, sign_in_provider: 'custom' } }),
      'sign-in provider facebook.com': forged(good, {
        firebase: { identities: { 'facebook.com': google }, sign_in_provider: 'facebook.com' },
      }),
      'no identity of github.com': forged(good, {
        firebase: { identities: { 'github.com': google }, sign_in_provider: 'github.com' },
      }),
      'no identity of google.com': forged(good, {
        firebase: { ...firebase, identities: { 'google.com': ['somebody-else'] } },
      }),
      'tenant of Identity Platform': forged(good, { firebase: { ...firebase, tenant: 'other-1' } }),
      'in the future': forged(good, { auth_time: now + 3_600 }),
      'auth/argument-error': forged(good, { aud: 'another-project' }),
      'auth/argument-error ': forged(good, { iss: 'https://securetoken.google.com/another-project' }),
      'auth/id-token-expired': forged(good, { iat: now - 7_200, exp: now - 3_600 }),
      'auth/user-not-found': forged(good, { sub: 'nobody', user_id: 'nobody' }),
    };
    for (const idToken of Object.values(refused)) {
      expect(refusal(await login(idToken))).toEqual([401, 'UNAUTHENTICATED']);
      expect(refusal(await register(idToken))).toEqual([401, 'UNAUTHENTICATED']);
    }
    await eventually(() => {
      const said = product.api.output();
      expect(Object.keys(refused).filter((cause) => !said.includes(cause.trim()))).toEqual([]);
    });
    expect((await register(good)).status).toBe(201);

    await changeAccount(good, { validSince: String(now + 10) });
    expect(refusal(await login(good))).toEqual([401, 'UNAUTHENTICATED']);
    await changeAccount(good, { validSince: '0', disableUser: true });
    expect(refusal(await login(good))).toEqual([401, 'UNAUTHENTICATED']);

    // Every attempt is recorded, also those that Firebase refuses (S2-64).
    const rows = await product.query<{ n: number }>(
      `select count(*)::int as n from identity.user_login_events where method = 'upstream' and outcome = 'refused'`,
    );
    expect(rows[0]?.n).toBe(2 * Object.keys(refused).length + 2);
  });

  it('registers only who signed in at the provider lately; who has an account comes in all the same', async () => {
    const idToken = await signInWithGoogle(newEmail());
    await changeAccount(idToken, { validSince: '0' });
    const old = forged(idToken, { auth_time: claimsIn(idToken).auth_time - 3_700 });
    expect(refusal(await register(old))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect((await register(idToken)).status).toBe(201);
    expect((await register(old)).status).toBe(200);
    // In, but as somebody who signed in an hour ago: what needs them to show themselves is refused.
    const { access_token: bearer } = (await login(old)).body;
    const github = await signInAt('github.com', anybody());
    expect(refusal(await link(bearer, github))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect(Date.now() / 1_000 - claimsIn(bearer).auth_time).toBeGreaterThan(3_500);
    const { access_token: fresh } = (await login(idToken)).body;
    expect((await link(fresh, github)).status).toBe(201);
  });
});

describe('who is known by the name of their account at the issuer alone', () => {
  it('keeps it with the first identity that comes by it, and with no other', async () => {
    const person = anybody();
    const google = await signInAt('google.com', person);
    const made = (await register(google)).body;
    await product.query('delete from identity.linked_identities where user_id = $1', [made.user.id]);
    await product.query(
      `delete from identity.identities where user_id = $1 and connection like 'firebase:%:%'`,
      [made.user.id],
    );
    const answers = await Promise.all([1, 2, 3, 4].map(() => login(google)));
    expect(answers.map((one) => [one.status, one.body.user?.id])).toEqual(
      answers.map(() => [200, made.user.id]),
    );
    expect(await halves(made.user.id)).toEqual([{ located: made.user.id, linked: made.user.id }]);
    // Firebase has linked the two, we have not.
    const github = await signInAt('github.com', person);
    expect(claimsIn(github).user_id).toBe(claimsIn(google).user_id);
    expect(refusal(await login(github))).toEqual([409, 'ACCOUNT_LINK_REQUIRED']);
  });
});

describe('who was there before the owner of an address', () => {
  it('with a password: has no seat, and loses password and sessions', async () => {
    const email = newEmail();
    const early = (await post('register', { email, password: PASSWORD, organization_name: 'Mallory' })).body;
    const acquire = () =>
      call<ErrorBody>(`${product.v1}/licenses/acquire`, {
        bearer: early.access_token,
        body: { hardware_id: 'desk' },
      });
    expect(refusal(await acquire())).toEqual([403, 'EMAIL_NOT_VERIFIED']);
    const owner = await register(await signInAt('microsoft.com', { ...anybody(), email }));
    expect(owner.body.user.id).not.toBe(early.user.id);
    expect(refusal(await post('login', { email, password: PASSWORD }))).toEqual([401, 'INVALID_CREDENTIALS']);
    const renewed = await post('refresh', { refresh_token: early.refresh_token });
    expect(refusal(renewed)).toEqual([401, 'UNAUTHENTICATED']);
    await eventually(async () => expect(refusal(await acquire())).toEqual([401, 'UNAUTHENTICATED']));
    const { data } = await succeed<{ data: object[] }>(
      `${product.v1}/licenses/${owner.body.license.id}/seats`,
      {
        bearer: owner.body.access_token,
      },
    );
    expect(data).toEqual([]);
  });

  it('by an issuer that does not vouch for the address: is let in no more once its owner has set a password', async () => {
    const person = anybody(false);
    const github = await signInAt('github.com', person);
    const early = (await register(github)).body;
    await mailsTo(person.email, 1);
    await post('password/forgot', { email: person.email });
    const token = tokenIn((await mailsTo(person.email, 2)).at(-1));
    expect((await post('password/confirm', { token, password: PASSWORD })).status).toBe(200);
    expect(refusal(await login(github))).toEqual([403, 'NOT_REGISTERED']);
    const owner = (await post('login', { email: person.email, password: PASSWORD })).body;
    expect(owner.user.id).toBe(early.user.id);
    expect((await ways(owner.access_token)).data).toEqual([]);
  });

  it('at Firebase: keeps neither sessions nor the account there, and the owner is not let into theirs', async () => {
    const email = newEmail();
    const github = await signInAt('github.com', { ...anybody(false), email });
    const early = (await register(github)).body;
    // Firebase gives the very account to whom Google vouches for, and takes GitHub off it; its emulator forgets to.
    const google = await signInWithGoogle(email);
    await changeAccount(google, { deleteProvider: ['github.com'] });
    expect(claimsIn(google).user_id).toBe(claimsIn(github).user_id);
    const owner = await register(google);
    expect(owner.status).toBe(201);
    expect(owner.body.user.id).not.toBe(early.user.id);
    expect(refusal(await post('refresh', { refresh_token: early.refresh_token }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect(refusal(await login(github))).toEqual([401, 'UNAUTHENTICATED']);
  });
});

describe('an identity whose address is an account’s', () => {
  it('is linked by a mail to its owner, who alone is told', async () => {
    const { user } = await withPassword();
    const stranger = await signInAt('github.com', { ...anybody(false), email: user.email });
    expect(refusal(await login(stranger))).toEqual([403, 'NOT_REGISTERED']);

    const google = await signInWithGoogle(user.email);
    const [first, second] = [await login(google), await register(google)];
    for (const told of [first, second]) {
      expect(refusal(told)).toEqual([409, 'ACCOUNT_LINK_REQUIRED']);
      expect(told.body.error.details).toEqual({ provider: 'google.com', mail_sent: true });
    }
    // The address is proved (1), greeted (2), and asked twice.
    const mails = await mailsTo(user.email, 4);
    const asked = mails.filter((mail) => mail.subject === 'Sign in with Google?');
    expect(asked).toHaveLength(2);
    const token = tokenIn(asked[0]);
    expect(refusal(await post('email/verify', { token }))).toEqual([422, 'TOKEN_INVALID']);
    expect(refusal(await post('password/confirm', { token, password: PASSWORD }))).toEqual([
      422,
      'TOKEN_INVALID',
    ]);
    const answers = await Promise.all([1, 2, 3].map(() => post('identities/confirm', { token })));
    expect(answers.map((one) => one.status).sort()).toEqual([200, 422, 422]);
    expect(answers.find((one) => one.status === 200)?.body).toEqual({
      status: 'linked',
      provider: 'google.com',
    });
    expect((await login(google)).body.user.id).toBe(user.id);
    expect((await mailsTo(user.email, 5))[4]?.subject).toBe('You can sign in with Google now');
  });

  it('never passes by the second factor', async () => {
    const made = await withPassword();
    const bearer = made.access_token;
    const { secret } = (await post('mfa/totp/enroll', { password: PASSWORD }, bearer)).body;
    const code = codeOf(secret);
    expect((await post('mfa/totp/confirm', { code }, bearer)).status).toBe(200);

    const byMail = await signInWithGoogle(made.user.email);
    expect(refusal(await login(byMail))).toEqual([409, 'ACCOUNT_LINK_REQUIRED']);
    const token = tokenIn((await mailsTo(made.user.email, 3))[2]);
    const confirmed = await post('identities/confirm', { token });
    expect(confirmed.body).toEqual({ status: 'linked', provider: 'google.com' });
    const github = await signInAt('github.com', anybody());
    expect(refusal(await link(bearer, github, PASSWORD))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    // What finished the enrolment was the second factor: tokens that come after it say so.
    const { access_token } = (await post('refresh', { refresh_token: made.refresh_token })).body;
    expect((await link(access_token, github)).status).toBe(201);
    for (const idToken of [byMail, github]) {
      expect(refusal(await login(idToken))).toEqual([401, 'MFA_REQUIRED']);
      expect(refusal(await register(idToken))).toEqual([401, 'MFA_REQUIRED']);
    }
  });
});

describe('the ways to sign in', () => {
  it('are added by who is signed in and shows it, and taken away, with a mail and an entry each', async () => {
    const { access_token: bearer, user } = await aged(product, await withPassword());
    const person = anybody();
    const google = await signInAt('google.com', person);
    expect(refusal(await link(bearer, google))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect(refusal(await link(bearer, 'no.id.token', PASSWORD))).toEqual([422, 'ID_TOKEN_INVALID']);
    const stale = forged(google, { auth_time: claimsIn(google).auth_time - 700 });
    await changeAccount(google, { validSince: '0' });
    expect(refusal(await link(bearer, stale, PASSWORD))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    const linked = await link(bearer, google, PASSWORD);
    expect([linked.status, linked.body.status]).toEqual([201, 'linked']);
    expect(linked.body.identity).toMatchObject({ provider: 'google.com', email: person.email });
    const again = await link(bearer, google, PASSWORD);
    expect([again.status, again.body.status]).toEqual([200, 'already_linked']);
    const session = (await login(google)).body;
    expect(session.user.id).toBe(user.id);

    const id = linked.body.identity!.id;
    const other = (await register(await signInWithGoogle(newEmail()))).body;
    expect(refusal(await unlink(other.access_token, id))).toEqual([404, 'NOT_FOUND']);
    expect(refusal(await link(other.access_token, google))).toEqual([409, 'IDENTITY_TAKEN']);
    expect(refusal(await unlink(bearer, id))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect((await unlink(bearer, id, { password: PASSWORD })).body).toEqual({
      status: 'unlinked',
      revoked: 1,
    });
    const renewed = await post('refresh', { refresh_token: session.refresh_token });
    expect(refusal(renewed)).toEqual([401, 'UNAUTHENTICATED']);
    expect(refusal(await login(google))).toEqual([403, 'NOT_REGISTERED']);
    expect((await ways(bearer)).data).toEqual([]);
    const subjects = (await mailsTo(user.email, 4)).map((mail) => mail.subject);
    expect(subjects).toEqual(
      expect.arrayContaining(['You can sign in with Google now', 'Google is no way to sign in any more']),
    );
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.v1}/audit`, { bearer });
      const actions = data.map((entry) => entry.action);
      expect(actions).toEqual(expect.arrayContaining(['IDENTITY_LINKED', 'IDENTITY_UNLINKED']));
    });
  });

  it('are added by mail where the issuer does not vouch for the address', async () => {
    const { access_token: bearer, user } = await withPassword();
    const person = anybody(false);
    const github = await signInAt('github.com', person);
    const asked = await link(bearer, github, PASSWORD);
    expect([asked.status, asked.body]).toEqual([202, { status: 'confirmation_sent', identity: null }]);
    expect(refusal(await login(github))).toEqual([403, 'NOT_REGISTERED']);
    const token = tokenIn((await mailsTo(person.email))[0]);
    expect((await post('identities/confirm', { token })).status).toBe(200);
    expect((await login(github)).body.user.id).toBe(user.id);

    const unproved = (
      await post('register', { email: newEmail(), password: PASSWORD, organization_name: 'A' })
    ).body;
    const google = await signInWithGoogle(newEmail());
    const refused = await link(unproved.access_token, google, PASSWORD);
    expect(refusal(refused)).toEqual([403, 'EMAIL_NOT_VERIFIED']);
  });

  it('never run out: of two that are removed at once one stays', async () => {
    const google = await signInWithGoogle(newEmail());
    const { access_token: bearer, user } = (await register(google)).body;
    expect((await link(bearer, await signInAt('github.com', anybody()))).status).toBe(201);
    const { data } = await ways(bearer);
    const answers = await Promise.all(data.map(({ id }) => unlink(bearer, id)));
    expect(answers.map((one) => one.status).sort()).toEqual([200, 409]);
    expect(answers.map((one) => one.body.error?.code)).toContain('LAST_SIGN_IN_METHOD');
    expect(await halves(user.id)).toEqual([{ located: user.id, linked: user.id }]);
  });
});

describe('two at once', () => {
  it('who link or register one identity: one has it, whole', async () => {
    const people = await Promise.all([1, 2, 3, 4].map(() => withPassword()));
    for (let round = 0; round < 3; round++) {
      const idToken = await signInAt('github.com', anybody());
      const answers = await Promise.all([
        ...people.map((one) => link(one.access_token, idToken, PASSWORD)),
        register(idToken),
        link(people[0]!.access_token, idToken, PASSWORD),
      ]);
      const winner = (await login(idToken)).body.user.id;
      expect(await halves(winner)).toContainEqual({ located: winner, linked: winner });
      const statuses = answers.map((one) => one.status);
      expect(statuses.filter((status) => status === 201)).toHaveLength(1);
      expect(statuses.every((status) => [200, 201, 409].includes(status))).toBe(true);
      for (const one of people)
        for (const row of await halves(one.user.id)) expect(row.located).toBe(row.linked);
    }
  });

  it('who register one address by two providers: one account, and the other hears of it', async () => {
    for (let round = 0; round < 3; round++) {
      const email = newEmail();
      const tokens = await Promise.all([
        signInAt('google.com', { ...anybody(), email }),
        signInAt('microsoft.com', { ...anybody(), email }),
      ]);
      const answers = await Promise.all(tokens.map(register));
      expect(answers.map((one) => one.status).sort()).toEqual([201, 409]);
      const refused = answers.find((one) => one.status === 409)!;
      expect(refusal(refused)).toEqual([409, 'ACCOUNT_LINK_REQUIRED']);
      const owner = answers.find((one) => one.status === 201)!.body;
      expect(await halves(owner.user.id)).toHaveLength(1);
      expect((await login(tokens[answers.indexOf(refused)]!)).status).toBe(409);
    }
  });
});
