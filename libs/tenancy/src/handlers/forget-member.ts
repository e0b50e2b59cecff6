import { Injectable } from '@nestjs/common';
import { Actor, Db, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { UserDeleted } from '#identity/events';
import { ChangeMembership } from '../use-cases/change-membership.js';
import { RemovedMembers } from '../persistence/removed-members.js';
import { ListTenants } from '../use-cases/list-tenants.js';

/**
 * Whoever has deleted their account is a member nowhere: they would be counted for ever. What they were in, they left with
 * the account; this finds where they came in, or were put out, at that moment.
 */
@Injectable()
@Handles('tenancy.forget-member', UserDeleted, 'effect')
export class ForgetMember implements EventHandler<typeof UserDeleted> {
  constructor(
    private readonly db: Db,
    private readonly listTenants: ListTenants,
    private readonly changeMembership: ChangeMembership,
    private readonly removed: RemovedMembers,
  ) {}

  async handle({ payload, traceId }: DeliveredEvent<typeof UserDeleted>): Promise<void> {
    const { userId } = payload;
    const system = Actor.system(null, traceId);
    const person = system.as({ type: 'user', id: userId });
    for (const tenantId of await this.listTenants.execute(person))
      await this.db.transaction(system.as({ tenantId }), () => this.changeMembership.forget(userId));
    await this.db.transaction(person, () => this.removed.forgetPerson());
  }
}
