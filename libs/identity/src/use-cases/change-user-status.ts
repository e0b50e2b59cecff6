import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, idOf, occurred } from '#platform';
import { ListTenants } from '#tenancy';
import { UserReactivated, UserSuspended } from '../events/index.js';
import { UserDirectory } from '../persistence/user-directory.js';
import { EndPersonSessions } from './end-person-sessions.js';

export const ChangeUserStatusInput = z.strictObject({
  userId: idOf('usr'),
  status: z.enum(['active', 'suspended']),
});

/** Keeps a person out, wherever they are a member, or takes that back. Operators only. */
@Injectable()
export class ChangeUserStatus {
  constructor(
    private readonly db: Db,
    private readonly directory: UserDirectory,
    private readonly listTenants: ListTenants,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly clock: Clock,
  ) {}

  /**
   * Every session of who is suspended ends. Repeated it does nothing more, so an interrupted one is finished by saying
   * it again. Gives how many sessions ended. Throws 404.
   */
  async execute(actor: Actor, { userId, status }: z.output<typeof ChangeUserStatusInput>): Promise<number> {
    actor.must('operator:users');
    const isSuspended = status === 'suspended';
    const changed = await this.directory.setSuspended(userId, isSuspended ? this.clock.now() : null);
    if (!changed && !isSuspended)
      throw new DomainError('conflict', 'USER_NOT_SUSPENDED', 'The person is not suspended.');
    const person = actor.as({ type: 'user', id: userId, tenantId: null });
    const Changed = isSuspended ? UserSuspended : UserReactivated;
    for (const tenantId of changed ? await this.listTenants.execute(person) : []) {
      await this.db.transaction(actor.as({ tenantId }), async () =>
        this.db.record([occurred(Changed, { userId }, this.clock.now())]),
      );
    }
    return isSuspended ? this.endPersonSessions.of(userId, actor, 'user_suspended') : 0;
  }
}
