import { Injectable } from '@nestjs/common';
import type { Auth, DecodedIdToken, UserRecord } from 'firebase-admin/auth';
import { Clock, DomainError, unauthenticated } from '#platform';
import { EmailAddress } from '../accounts/address.js';
import { FirebaseConfig } from '../identity.config.js';
import { FirebaseApp } from './firebase-app.js';
import { UpstreamIdentity, type UpstreamPerson } from './upstream-identity.js';

/** Faults of the token or the account, as firebase-admin names them; the rest are faults of the way there. */
const REFUSALS = new Set([
  'auth/argument-error',
  'auth/id-token-expired',
  'auth/invalid-id-token',
  'auth/user-disabled',
  'auth/user-not-found',
  'auth/invalid-argument',
  'auth/id-token-revoked',
]);
/** It calls the token invalid when it could not fetch the keys to check it with, and only says so in words. */
const NO_KEYS = /error fetching/i;
/** Longer than Firebase makes them. */
const MAX_TOKEN_LENGTH = 8_192;
/** Longer than any provider's. */
const MAX_SUBJECT_LENGTH = 255;
/** Clocks that differ, in ms. */
const SKEW_MS = 60_000;

/** ID tokens of Firebase Auth and of Google Identity Platform. See docs/decisions/social-sign-in.md. */
@Injectable()
export class FirebaseIdentity extends UpstreamIdentity {
  constructor(
    private readonly firebase: FirebaseApp,
    private readonly config: FirebaseConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  async verify(idToken: string): Promise<UpstreamPerson> {
    if (!this.firebase.issuer) throw unauthenticated('no upstream issuer is configured');
    if (idToken.length > MAX_TOKEN_LENGTH) throw unauthenticated('upstream token too long');
    const { token, account } = await this.firebase.ask((auth) => look(auth, idToken)).catch(asRefusal);
    return this.personOf(token, account);
  }

  /**
   * What is said of the person is taken from the account as it is now. A token tells how it was up to an hour ago, and
   * where its `email_verified` comes from cannot be seen: custom claims are in the same place, and we write those.
   */
  private personOf(token: DecodedIdToken, account: UserRecord): UpstreamPerson {
    const { sign_in_provider: provider, identities, tenant } = token.firebase;
    const { uid, email, emailVerified, displayName, disabled, tokensValidAfterTime, providerData } = account;
    const authTime = new Date(token.auth_time * 1_000);
    if (disabled) throw unauthenticated('auth/user-disabled');
    if (tokensValidAfterTime && authTime < new Date(tokensValidAfterTime))
      throw unauthenticated('auth/id-token-revoked');
    if (authTime.getTime() > this.clock.now().getTime() + SKEW_MS)
      throw unauthenticated('the upstream sign-in is in the future');
    if (tenant) throw unauthenticated('the upstream token is of a tenant of Identity Platform');
    if (!this.config.providers.includes(provider))
      throw unauthenticated(`the sign-in provider ${provider} is not accepted (FIREBASE_PROVIDERS)`);

    const subject: unknown = identities[provider]?.[0];
    const own = providerData.find((one) => one.providerId === provider && one.uid === subject);
    if (typeof subject !== 'string' || !isSubject(subject) || !own)
      throw unauthenticated(`the upstream account has no identity of ${provider} any more`);

    // Where a project allows several accounts with one address, only the provider's entry has it, and nobody asserts it.
    const address = EmailAddress.safeParse(email ?? own.email);
    if (!address.success)
      throw new DomainError('forbidden', 'EMAIL_REQUIRED', 'The identity provider gave no e-mail address.');
    return {
      connection: `${this.firebase.issuer}:${provider}`,
      subject,
      provider,
      issuer: this.firebase.issuer ?? '',
      account: uid,
      email: address.data,
      emailVerified: email !== undefined && emailVerified,
      displayName: displayName?.replaceAll('\0', '').slice(0, 200).toWellFormed() || null,
      authTime,
    };
  }
}

async function look(auth: Auth, idToken: string): Promise<{ token: DecodedIdToken; account: UserRecord }> {
  const token = await auth.verifyIdToken(idToken);
  return { token, account: await auth.getUser(token.uid) };
}

function asRefusal(error: unknown): never {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (REFUSALS.has(code) && !NO_KEYS.test(message)) throw unauthenticated(code);
  throw new DomainError(
    'unavailable',
    'UPSTREAM_UNAVAILABLE',
    'The identity provider cannot be asked now; try again.',
    { retryAfterSeconds: 5, cause: error },
  );
}

/** Postgres takes no NUL in a text. */
const isSubject = (text: string) =>
  text.length > 0 && text.length <= MAX_SUBJECT_LENGTH && !text.includes('\0') && text.isWellFormed();
