import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db } from '#platform';
import { LeaveAll, type Leaving } from '#tenancy';
import { EmailAddress, PasswordText } from '../accounts/address.js';
import { reauthenticationRequired } from '../domain/step-up.js';
import { UserDirectory } from '../persistence/user-directory.js';
import { ConfirmOwnPassword } from './confirm-own-password.js';
import { EndPersonSessions } from './end-person-sessions.js';
import { ForgetPerson } from './forget-person.js';
import { type PutOut, PutOutMember } from './put-out-member.js';

export const DeleteAccountInput = z.strictObject({
  /** Their own address once more, so that nobody does this by mistake. */
  email: EmailAddress,
  password: PasswordText.optional(),
});

/**
 * Deletes the caller's account in one transaction: who they are, how they signed in, where they are a member, and what they
 * let others do in their name there. What they did stays in the trail.
 */
@Injectable()
export class DeleteAccount {
  constructor(
    private readonly db: Db,
    private readonly confirmOwnPassword: ConfirmOwnPassword,
    private readonly directory: UserDirectory,
    private readonly leaveAll: LeaveAll,
    private readonly putOutMember: PutOutMember,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly forgetPerson: ForgetPerson,
  ) {}

  /**
   * An organisation in which nobody else is ends `graceDays` later. Throws 403 `REAUTHENTICATION_REQUIRED`, 409 `LAST_OWNER`,
   * 429 `SIGN_IN_LOCKED`, 503 `BUSY`.
   */
  async execute(
    actor: Actor,
    input: z.output<typeof DeleteAccountInput>,
    { graceDays }: Pick<Leaving, 'graceDays'>,
  ): Promise<void> {
    const user = await this.confirmOwnPassword.execute(actor, input.password);
    if (user.email !== input.email) throw reauthenticationRequired('Give the address of the account.');
    const { putOuts, outdated } = await this.db.transaction(actor, async () => {
      const fitToOwn: Leaving['fitToOwn'] = (userIds) => this.directory.fitToOwn(userIds);
      const tenantIds = await this.leaveAll.execute({ fitToOwn, graceDays });
      const putOuts: PutOut[] = [];
      for (const tenantId of tenantIds) putOuts.push(await this.putOut(actor.as({ tenantId })));
      return { putOuts, outdated: await this.forgetPerson.execute(tenantIds) };
    });
    for (const one of putOuts) this.putOutMember.finish(one);
    await this.endPersonSessions.finish(actor, outdated);
  }

  private putOut(there: Actor): Promise<PutOut> {
    return this.db.alongside(there, () => this.putOutMember.forget(there.id ?? ''));
  }
}
