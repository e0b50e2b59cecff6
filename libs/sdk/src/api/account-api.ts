import {
  type Enrolled,
  type LoginSession,
  readBackupCodes,
  readEnrolled,
  readEnrolment,
  readLoginSession,
  readNothing,
  readRevoked,
  readVerifiedEmail,
  type TotpEnrolment,
  type VerifiedEmail,
} from './account-answers.js';
import { type AccessToken, readAccessToken, readSignedIn, type SignedIn } from './answers.js';
import type { Caller } from './caller.js';
import type { Call } from './transport.js';

/** Whoever has a password gives it again; others have signed in within ten minutes. */
export interface Reauthentication {
  password?: string;
}

/** How somebody shows anew who they are; who has a second factor gives a code of it. */
export type ShownAnew = { password: string } | { code: string } | { idToken: string };

const AUTH = '/api/v1/auth';

/** The caller's own account: address, password, second factor, sessions. Every method throws ApiError and nothing else. */
export class AccountApi {
  constructor(private readonly caller: Caller) {}

  /** The second step of a sign-in: the token of MFA_REQUIRED, and a code of the authenticator or a backup code. */
  challenge(input: { mfaToken: string; code: string }): Promise<SignedIn> {
    return this.caller.call(post('mfa/totp/challenge', readSignedIn, input));
  }

  /** Ends the session of a refresh token; gives how many ended. */
  logout(refreshToken: string): Promise<number> {
    return this.caller.call(post('logout', readRevoked, { refreshToken }));
  }

  logoutAll(): Promise<number> {
    return this.caller.asBearer(post('logout/all', readRevoked));
  }

  /** Every session but this one. */
  logoutOthers(): Promise<number> {
    return this.caller.asBearer(post('logout/others', readRevoked));
  }

  /** Where the caller is signed in, the newest first, page after page as they are asked for. */
  sessions(options: { limit?: number } = {}): AsyncGenerator<LoginSession, void, undefined> {
    return this.caller.list(`${AUTH}/sessions`, options.limit ?? 100, readLoginSession);
  }

  /** Ends one of them; every process refuses its tokens within two seconds. Throws 404 for anybody else's. */
  revokeSession(id: string): Promise<void> {
    const path = `${AUTH}/sessions/${encodeURIComponent(id)}`;
    return this.caller.asBearer({ method: 'DELETE', path, read: readNothing });
  }

  /** Sends the mail that verifies the address once more. */
  sendVerification(): Promise<void> {
    return this.caller.asBearer(post('email/send', readNothing));
  }

  /** Takes the token of a mail, on whatever device it was read. */
  verifyEmail(token: string): Promise<VerifiedEmail> {
    return this.caller.call(post('email/verify', readVerifiedEmail, { token }));
  }

  /** Both mailboxes get a mail, and confirm. */
  changeEmail(input: { email: string } & Reauthentication): Promise<void> {
    return this.caller.asBearer(post('email/change', readNothing, input));
  }

  /** Answers alike whether there is such an account or not. */
  forgotPassword(email: string): Promise<void> {
    return this.caller.call(post('password/forgot', readNothing, { email }));
  }

  /** Every session ends, and none begins; gives how many ended. */
  resetPassword(input: { token: string; password: string }): Promise<number> {
    return this.caller.call(post('password/confirm', readRevoked, input));
  }

  /** Every other session ends; gives how many. */
  changePassword(input: { currentPassword?: string; newPassword: string }): Promise<number> {
    return this.caller.asBearer(post('password/change', readRevoked, input));
  }

  /**
   * Shows once more who is signed in, for what throws ReauthenticationRequired. Gives an access token that is good for
   * that; a client that signs in uses it from now on.
   */
  reauthenticate(input: ShownAnew): Promise<AccessToken> {
    return this.caller.asBearerAnew(post('reauthenticate', readAccessToken, input));
  }

  /** For who is signed in, or by the token of MfaEnrollmentRequired. */
  enrollTotp(input: Reauthentication | { mfaToken: string } = {}): Promise<TotpEnrolment> {
    const call = post('mfa/totp/enroll', readEnrolment, input);
    return 'mfaToken' in input ? this.caller.call(call) : this.caller.asBearer(call);
  }

  /** Finishes it by the token of MfaEnrollmentRequired, and with it the sign-in; keeps nothing: AuthClient.confirmTotp does. */
  confirmEnrolment(input: { mfaToken: string; code: string }): Promise<Enrolled> {
    return this.caller.call(post('mfa/totp/confirm', readEnrolled, input));
  }

  /** For who is signed in. Gives ten backup codes, once. */
  confirmTotp(code: string): Promise<readonly string[]> {
    return this.caller.asBearer(post('mfa/totp/confirm', readBackupCodes, { code }));
  }

  disableTotp(input: { code?: string } & Reauthentication): Promise<void> {
    return this.caller.asBearer(post('mfa/totp/disable', readNothing, input));
  }

  /** Ten new ones; those before are gone. */
  newBackupCodes(input: { code?: string } & Reauthentication): Promise<readonly string[]> {
    return this.caller.asBearer(post('mfa/backup-codes', readBackupCodes, input));
  }

  /** `email`: their own once more, so that nobody does this by mistake. */
  deleteAccount(input: { email: string } & Reauthentication): Promise<void> {
    return this.caller.asBearer({ method: 'DELETE', path: `${AUTH}/me`, body: input, read: readNothing });
  }
}

const post = <T>(path: string, read: Call<T>['read'], body?: object): Call<T> => ({
  method: 'POST',
  path: `${AUTH}/${path}`,
  body,
  read,
});
