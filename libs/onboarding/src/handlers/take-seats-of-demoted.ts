import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { enderIn, TakeSeats } from '#licensing';
import { DescribeMembership, ListMembers } from '#tenancy';
import { MembershipRoleChanged, RoleScopesChanged } from '#tenancy/events';

/** Whether somebody's role runs the program. */
export const runs = ({ grants }: { grants: readonly string[] }): boolean => grants.includes('seats:acquire');

const EVENTS = [MembershipRoleChanged, RoleScopesChanged];

type Told = DeliveredEvent<typeof MembershipRoleChanged | typeof RoleScopesChanged>;

/** Whoever has a role that does not run the program gives their seats back. By what holds now, not what held then. */
@Injectable()
@Handles('onboarding.take-seats-of-demoted', EVENTS, 'effect')
export class TakeSeatsOfDemoted implements EventHandler {
  constructor(
    private readonly listMembers: ListMembers,
    private readonly describeMembership: DescribeMembership,
    private readonly takeSeats: TakeSeats,
  ) {}

  async handle(event: Told): Promise<void> {
    const { tenantId, traceId, payload } = event;
    const system = Actor.system(tenantId, traceId);
    const userIds =
      'userId' in payload ? [payload.userId] : await this.listMembers.withRole(system, payload.role);
    for (const id of userIds) {
      const person = await this.describeMembership.execute(system.as({ type: 'user', id }));
      // Who is no member any more is TakeSeatsOfFormer's, by the event of that.
      if (person && !runs(person))
        await this.takeSeats.execute({ tenantId, userId: id, why: 'role_changed' }, enderIn(event));
    }
  }
}
