import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, occurred } from '#platform';
import { DescribeMembership } from '#tenancy';
import { PasswordText } from '../accounts/address.js';
import { SecondFactorDisabled, UpstreamAccountReleased } from '../events/index.js';
import { Identities } from '../persistence/identities.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { TotpFactors } from '../persistence/totp-factors.js';
import { Users } from '../persistence/users.js';
import { ChoosePassword } from './choose-password.js';
import { EndPersonSessions } from './end-person-sessions.js';
import { ProveAddress } from './prove-address.js';
import { MailTokenText, tokenInvalid, UseMailToken } from './use-mail-token.js';

export const ResetPasswordInput = z.strictObject({ token: MailTokenText, password: PasswordText });

/** Sets a new password by the token of a mail. Makes no session: whoever has the mailbox still has to sign in. */
@Injectable()
export class ResetPassword {
  constructor(
    private readonly db: Db,
    private readonly useMailToken: UseMailToken,
    private readonly mailTokens: MailTokens,
    private readonly users: Users,
    private readonly factors: TotpFactors,
    private readonly identities: Identities,
    private readonly describeMembership: DescribeMembership,
    private readonly choosePassword: ChoosePassword,
    private readonly proveAddress: ProveAddress,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly clock: Clock,
  ) {}

  /**
   * Every session ends; an address that was not verified now is. A password that is refused leaves the token good.
   * Throws 422 `TOKEN_INVALID`, 422 `PASSWORD_TOO_WEAK`, 503 `BUSY`.
   */
  async execute(
    actor: Actor,
    input: z.output<typeof ResetPasswordInput>,
  ): Promise<{ status: 'changed'; revoked: number }> {
    const { person, user, token, purpose, isPresentAddress } = await this.useMailToken.open(
      actor,
      input.token,
    );
    if (purpose !== 'reset_password' || !isPresentAddress) throw tokenInvalid();
    const membership = await this.describeMembership.execute(person);
    const names = [user.email, user.displayName, membership?.tenant.name];
    const stored = await this.choosePassword.prepare(person, input.password, names);

    const done = await this.db.transaction(person, async () => {
      if (!(await this.mailTokens.use(token))) return null;
      await this.choosePassword.keep(stored, 'reset');
      if (!user.emailVerified) await this.clear();
      const proof = (await this.proveAddress.byMail(user.email)) ?? { displaced: [] };
      return { proof, outdated: await this.endPersonSessions.begin('password_reset') };
    });
    if (!done) throw tokenInvalid();
    const revoked = await this.endPersonSessions.finish(person, done.outdated);
    await this.proveAddress.settle(person, done.proof);
    return { status: 'changed', revoked };
  }

  /**
   * Whoever registered with an address that was not theirs may have put an authenticator in the owner's way, and may sign
   * in by an issuer that never vouched for it. So the authenticator of who never proved their address goes with a reset.
   */
  private async clear(): Promise<void> {
    const now = this.clock.now();
    await this.users.lock();
    const wasAsked = await this.factors.forget();
    if (wasAsked) this.db.record([occurred(SecondFactorDisabled, { userId: this.db.actor.id ?? '' }, now)]);
    for (const identity of await this.identities.own()) {
      const released = await this.identities.unlink(identity);
      this.db.record(
        released.map(({ issuer, account }) => occurred(UpstreamAccountReleased, { issuer, account }, now)),
      );
    }
  }
}
