import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db } from '#platform';
import { EmailAddress, PasswordText } from '../accounts/address.js';
import { reauthenticationRequired } from '../domain/step-up.js';
import { ConfirmOwnPassword } from './confirm-own-password.js';
import { EndPersonSessions } from './end-person-sessions.js';
import { ForgetPerson } from './forget-person.js';

export const DeleteAccountInput = z.strictObject({
  /** Their own address once more, so that nobody does this by mistake. */
  email: EmailAddress,
  password: PasswordText.optional(),
});

/** Deletes the caller's account: who they are, how they signed in, where they are. What they did stays in the trail. */
@Injectable()
export class DeleteAccount {
  constructor(
    private readonly db: Db,
    private readonly confirmOwnPassword: ConfirmOwnPassword,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly forgetPerson: ForgetPerson,
  ) {}

  /** Throws 403 `REAUTHENTICATION_REQUIRED`, 429 `SIGN_IN_LOCKED`, 503 `BUSY`. */
  async execute(actor: Actor, input: z.output<typeof DeleteAccountInput>): Promise<{ status: 'deleted' }> {
    const user = await this.confirmOwnPassword.execute(actor, input.password);
    if (user.email !== input.email) throw reauthenticationRequired('Give the address of the account.');
    const outdated = await this.db.transaction(actor, () => this.forgetPerson.execute());
    await this.endPersonSessions.finish(actor, outdated);
    return { status: 'deleted' };
  }
}
