import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db } from '#platform';
import { DescribeMembership } from '#tenancy';
import { PasswordText } from '../accounts/address.js';
import { ChoosePassword } from './choose-password.js';
import { ConfirmOwnPassword } from './confirm-own-password.js';
import { EndPersonSessions } from './end-person-sessions.js';

export const ChangePasswordInput = z.strictObject({
  currentPassword: PasswordText.optional(),
  newPassword: PasswordText,
});

/** A new password for who knows the present one. Who has none, and signed in just now, gets a first one. */
@Injectable()
export class ChangePassword {
  constructor(
    private readonly db: Db,
    private readonly confirmOwnPassword: ConfirmOwnPassword,
    private readonly describeMembership: DescribeMembership,
    private readonly choosePassword: ChoosePassword,
    private readonly endPersonSessions: EndPersonSessions,
  ) {}

  /** Every other session ends. Throws 403 `REAUTHENTICATION_REQUIRED`, 422 `PASSWORD_TOO_WEAK`, 429, 503. */
  async execute(
    actor: Actor,
    input: z.output<typeof ChangePasswordInput>,
  ): Promise<{ status: 'changed'; revoked: number }> {
    const user = await this.confirmOwnPassword.present(actor, input.currentPassword);
    const membership = await this.describeMembership.execute(actor);
    const names = [user.email, user.displayName, membership?.tenant.name];
    const stored = await this.choosePassword.prepare(actor, input.newPassword, names);
    const outdated = await this.db.transaction(actor, async () => {
      await this.choosePassword.keep(stored, 'change');
      return this.endPersonSessions.begin('password_changed', { except: actor.sessionId });
    });
    return { status: 'changed', revoked: await this.endPersonSessions.finish(actor, outdated) };
  }
}
