import type { Auth, DecodedIdToken, UserRecord } from 'firebase-admin/auth';
import { DomainError, ManualClock } from '#platform';
import type { FirebaseConfig } from '../identity.config.js';
import type { FirebaseApp } from './firebase-app.js';
import { FirebaseIdentity } from './firebase-identity.js';

const NOW = new Date('2026-05-01T12:00:00Z');
const seconds = (from = 0) => NOW.getTime() / 1_000 + from;
const config = { providers: ['google.com', 'github.com'] } as unknown as FirebaseConfig;

const TOKEN = {
  uid: 'uid-1',
  auth_time: seconds(-60),
  email: 'victim@example.com',
  email_verified: true,
  firebase: { sign_in_provider: 'github.com', identities: { 'github.com': ['4711'] } },
} as unknown as DecodedIdToken;
const ACCOUNT = {
  uid: 'uid-1',
  email: 'Ada@Example.com',
  emailVerified: false,
  displayName: 'Ada\0',
  disabled: false,
  providerData: [{ providerId: 'github.com', uid: '4711', email: 'ada@work.example' }],
} as unknown as UserRecord;

/** Firebase as a third party's answers, or its failure. */
function identity(account: Partial<UserRecord> | Error, token: Partial<DecodedIdToken> = {}) {
  const auth = {
    verifyIdToken: () => Promise.resolve({ ...TOKEN, ...token }),
    getUser: () =>
      account instanceof Error ? Promise.reject(account) : Promise.resolve({ ...ACCOUNT, ...account }),
  } as unknown as Auth;
  const app = { issuer: 'firebase:demo', ask: (question: (auth: Auth) => unknown) => question(auth) };
  return new FirebaseIdentity(app as unknown as FirebaseApp, config, new ManualClock(NOW));
}
const failure = (code: string, message = '') => Object.assign(new Error(message), { code });
const codeOf = (account: Partial<UserRecord> | Error, token?: Partial<DecodedIdToken>) =>
  identity(account, token)
    .verify('token')
    .then(
      () => 'let in',
      (error: unknown) => (error as DomainError).code,
    );

describe('what Firebase says of a person', () => {
  it('is taken from the account as it is now, not from a token that may carry our own claims', async () => {
    expect(await identity({}).verify('token')).toEqual({
      connection: 'firebase:demo:github.com',
      subject: '4711',
      provider: 'github.com',
      issuer: 'firebase:demo',
      account: 'uid-1',
      email: 'ada@example.com',
      emailVerified: false,
      displayName: 'Ada',
      authTime: new Date(NOW.getTime() - 60_000),
    });
    expect(await identity({ emailVerified: true }).verify('token')).toMatchObject({ emailVerified: true });
  });

  it('asserts no address that only the provider’s entry has', async () => {
    const person = await identity({ email: undefined, emailVerified: true }).verify('token');
    expect(person).toMatchObject({ email: 'ada@work.example', emailVerified: false });
    const without = { email: undefined, providerData: [{ providerId: 'github.com', uid: '4711' }] };
    expect(await codeOf(without as unknown as UserRecord)).toBe('EMAIL_REQUIRED');
  });

  it.each<[string, Partial<UserRecord>, Partial<DecodedIdToken>]>([
    ['a disabled account', { disabled: true }, {}],
    ['a revoked sign-in', { tokensValidAfterTime: new Date(NOW.getTime() - 30_000).toUTCString() }, {}],
    ['a sign-in in the future', {}, { auth_time: seconds(61) }],
    ['a provider that was taken off the account', { providerData: [] }, {}],
    [
      'a subject that Postgres cannot hold',
      { providerData: [{ providerId: 'github.com', uid: '47\0' }] as unknown as UserRecord['providerData'] },
      { firebase: { sign_in_provider: 'github.com', identities: { 'github.com': ['47\0'] } } },
    ],
  ])('lets nobody in with %s', async (_, account, token) => {
    expect(await codeOf(account, token)).toBe('UNAUTHENTICATED');
  });

  it('allows for a clock that is a minute slow', async () => {
    expect(await codeOf({}, { auth_time: seconds(59) })).toBe('let in');
  });
});

describe('a Firebase that cannot be asked', () => {
  it.each([
    ['auth/user-not-found', 'There is no such user.', 'UNAUTHENTICATED'],
    ['auth/argument-error', 'Firebase ID token has invalid signature.', 'UNAUTHENTICATED'],
    ['auth/argument-error', 'Error fetching public keys for Google certs: timeout', 'UPSTREAM_UNAVAILABLE'],
    ['auth/internal-error', '', 'UPSTREAM_UNAVAILABLE'],
    ['auth/insufficient-permission', '', 'UPSTREAM_UNAVAILABLE'],
    ['app/network-timeout', '', 'UPSTREAM_UNAVAILABLE'],
  ])('%s (%s) is %s', async (code, message, expected) => {
    expect(await codeOf(failure(code, message))).toBe(expected);
  });

  it('is no fault of who asks', async () => {
    await expect(identity(failure('app/network-error')).verify('token')).rejects.toMatchObject({
      kind: 'unavailable',
      retryAfterSeconds: 5,
    });
  });
});
