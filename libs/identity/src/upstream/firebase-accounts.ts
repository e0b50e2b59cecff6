import { Injectable } from '@nestjs/common';
import { PermanentFailure } from '#platform';
import { FirebaseConfig } from '../identity.config.js';
import { FirebaseApp } from './firebase-app.js';
import { UpstreamAccounts } from './upstream-accounts.js';

const GONE = 'auth/user-not-found';
const NEVER = new Set([
  'auth/claims-too-large',
  'auth/forbidden-claim',
  'auth/invalid-claims',
  'auth/invalid-uid',
]);

/** The accounts of Firebase Auth. */
@Injectable()
export class FirebaseAccounts extends UpstreamAccounts {
  constructor(
    private readonly firebase: FirebaseApp,
    private readonly config: FirebaseConfig,
  ) {
    super();
  }

  get issuer(): string | null {
    return this.config.customClaims ? this.firebase.issuer : null;
  }

  async claims(account: string): Promise<Record<string, unknown> | null> {
    const found = await this.firebase.ask((auth) => auth.getUser(account)).catch(orGone);
    return found && { ...found.customClaims };
  }

  async setClaims(account: string, claims: Record<string, unknown>): Promise<boolean> {
    const written = this.firebase.tell((auth) => auth.setCustomUserClaims(account, claims));
    return (await written.then(() => true, orGone)) ?? false;
  }
}

function orGone(error: unknown): null {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (code === GONE) return null;
  if (NEVER.has(code)) throw new PermanentFailure(message, { cause: error });
  throw error;
}
