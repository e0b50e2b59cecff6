import { Injectable } from '@nestjs/common';
import type { Auth, DecodedIdToken } from 'firebase-admin/auth';
import { DomainError, unauthenticated } from '#platform';
import { FirebaseConfig } from '../identity.config.js';
import { UpstreamIdentity, type UpstreamPerson } from './upstream-identity.js';

/** Faults of the token or the account, as firebase-admin names them; the rest are faults of the way there. */
const REFUSALS = new Set([
  'auth/argument-error',
  'auth/id-token-expired',
  'auth/id-token-revoked',
  'auth/invalid-id-token',
  'auth/user-disabled',
  'auth/user-not-found',
  'auth/invalid-argument',
]);
/** Longer than Firebase makes them. */
const MAX_TOKEN_LENGTH = 8_192;

/** ID tokens of Firebase Auth and of Google Identity Platform. */
@Injectable()
export class FirebaseIdentity extends UpstreamIdentity {
  private auth?: Promise<Auth>;

  constructor(private readonly config: FirebaseConfig) {
    super();
  }

  async verify(idToken: string): Promise<UpstreamPerson> {
    if (!this.config.projectId) throw unauthenticated('no upstream issuer is configured');
    if (idToken.length > MAX_TOKEN_LENGTH) throw unauthenticated('upstream token too long');
    const auth = await (this.auth ??= this.connect(this.config.projectId));
    try {
      return personOf(await auth.verifyIdToken(idToken, true));
    } catch (error) {
      const code = (error as { code?: string }).code ?? '';
      if (error instanceof DomainError) throw error;
      if (REFUSALS.has(code)) throw unauthenticated(code);
      throw new DomainError(
        'unavailable',
        'UPSTREAM_UNAVAILABLE',
        'The identity provider cannot be asked now; try again.',
        {
          retryAfterSeconds: 5,
          cause: error,
        },
      );
    }
  }

  /** Loaded at the first sign-in: importing it costs more than the rest of the start. */
  private async connect(projectId: string): Promise<Auth> {
    const [{ initializeApp, cert }, { getAuth }] = await Promise.all([
      import('firebase-admin/app'),
      import('firebase-admin/auth'),
    ]);
    const { credentials } = this.config;
    return getAuth(
      initializeApp({ projectId, ...(credentials ? { credential: cert(credentials) } : {}) }, 'gatehouse'),
    );
  }
}

function personOf(token: DecodedIdToken): UpstreamPerson {
  if (!token.email)
    throw new DomainError('forbidden', 'EMAIL_REQUIRED', 'The identity provider gave no e-mail address.');
  return {
    connection: `firebase:${token.aud}`,
    subject: token.uid,
    provider: token.firebase.sign_in_provider,
    email: token.email.toLowerCase(),
    emailVerified: token.email_verified === true,
    displayName: typeof token.name === 'string' ? token.name.slice(0, 200) : null,
  };
}
