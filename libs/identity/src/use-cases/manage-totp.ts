import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, occurred } from '#platform';
import { DescribeTenant, ListTenants } from '#tenancy';
import { PasswordText } from '../accounts/address.js';
import { BackupCodesMade, SecondFactorDisabled } from '../events/index.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { TotpFactors } from '../persistence/totp-factors.js';
import { codeInvalid, SecondFactor, SecondFactorCode } from '../second-factor/second-factor.js';
import { type BegunEnrollment, TotpEnrollment } from '../second-factor/totp-enrollment.js';
import { MfaToken } from './answer-challenge.js';
import { ConfirmOwnPassword } from './confirm-own-password.js';
import { EndPersonSessions } from './end-person-sessions.js';

/** By who is signed in; or by the token of `MFA_ENROLLMENT_REQUIRED`. */
export const EnrollTotpInput = z.union([
  z.strictObject({ password: PasswordText.optional() }),
  z.strictObject({ mfaToken: MfaToken }),
]);
export const ConfirmTotpInput = z.strictObject({ code: SecondFactorCode, mfaToken: MfaToken.optional() });
export const ReauthenticatedInput = z.strictObject({
  password: PasswordText.optional(),
  /** With the password; not needed by who has shown it just now. */
  code: SecondFactorCode.optional(),
});

/** The caller's authenticator: enrol, confirm, disable, new backup codes. Each after they have shown who they are. */
@Injectable()
export class ManageTotp {
  constructor(
    private readonly db: Db,
    private readonly factors: TotpFactors,
    private readonly secondFactor: SecondFactor,
    private readonly confirmOwnPassword: ConfirmOwnPassword,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly enrollment: TotpEnrollment,
    private readonly sessions: AuthSessions,
    private readonly listTenants: ListTenants,
    private readonly describeTenant: DescribeTenant,
    private readonly clock: Clock,
  ) {}

  /** Nothing is asked for until it is confirmed. Throws 403 `REAUTHENTICATION_REQUIRED`, 409 `MFA_ALREADY_ENABLED`. */
  async enroll(actor: Actor, input: { password?: string }): Promise<BegunEnrollment> {
    const user = await this.confirmOwnPassword.execute(actor, input.password);
    return this.enrollment.begin(actor, user.email);
  }

  /** From now on it is asked for; sessions that never showed it end, but for this one. Throws 403 `CODE_INVALID`. */
  async confirm(actor: Actor, input: { code: string }): Promise<{ backupCodes: string[] }> {
    const attempt = await this.secondFactor.guess(actor);
    const finished = await attempt.made(this.enrollment.finish(actor, input.code));
    if (!finished) {
      await attempt.wrong('wrong_code', actor.id);
      throw codeInvalid();
    }
    await attempt.succeeded();
    await this.noteShown(actor);
    await this.endPersonSessions.finish(actor, finished.outdated);
    return { backupCodes: finished.backupCodes };
  }

  /**
   * Throws 409 `MFA_REQUIRED_BY_TENANT`, 403 `REAUTHENTICATION_REQUIRED` or `CODE_INVALID`, 429
   * `SIGN_IN_LOCKED`.
   */
  async disable(actor: Actor, input: z.output<typeof ReauthenticatedInput>): Promise<{ status: 'disabled' }> {
    // First: a backup code must not be used up by what is refused.
    await this.mayGoWithout(actor);
    await this.reauthenticate(actor, input);
    await this.db.transaction(actor, async () => {
      await this.factors.forget();
      this.db.record([occurred(SecondFactorDisabled, { userId: actor.id ?? '' }, this.clock.now())]);
    });
    return { status: 'disabled' };
  }

  /** Ten new ones; those before are gone. Throws like {@link disable}. */
  async regenerate(
    actor: Actor,
    input: z.output<typeof ReauthenticatedInput>,
  ): Promise<{ backupCodes: string[] }> {
    await this.reauthenticate(actor, input);
    return this.db.transaction(actor, async () => {
      this.db.record([occurred(BackupCodesMade, { userId: actor.id ?? '' }, this.clock.now())]);
      return { backupCodes: await this.secondFactor.newBackupCodes() };
    });
  }

  /** Passes when none of their organisations asks for one. */
  private async mayGoWithout(actor: Actor): Promise<void> {
    for (const tenantId of await this.listTenants.execute(actor)) {
      const standing = await this.describeTenant.execute(actor.as({ tenantId }));
      if (standing?.tenant.secondFactorRequired)
        throw new DomainError(
          'conflict',
          'MFA_REQUIRED_BY_TENANT',
          'An organisation that you are in asks for a second factor.',
          { details: { tenantId } },
        );
    }
  }

  /** Who has shown their second factor just now; or a code with the call itself, and the password unless that is fresh. */
  private async reauthenticate(
    actor: Actor,
    { password, code }: z.output<typeof ReauthenticatedInput>,
  ): Promise<void> {
    if (password === undefined && code === undefined) {
      await this.confirmOwnPassword.execute(actor, undefined);
      return;
    }
    await this.confirmOwnPassword.firstFactor(actor, password);
    await this.secondFactor.check(actor, code ?? '');
  }

  /** This session has shown it, too. */
  private async noteShown(actor: Actor): Promise<void> {
    await this.db.transaction(actor, async () => {
      const session = await this.sessions.lock(actor.sessionId ?? '');
      if (!session || session.userId !== actor.id) return;
      session.reauthenticate(['otp', 'mfa'], this.clock.now());
      await this.sessions.save(session);
    });
  }
}
