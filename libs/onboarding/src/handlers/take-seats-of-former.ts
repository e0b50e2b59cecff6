import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { enderIn, TakeSeats } from '#licensing';
import { DescribeMembership } from '#tenancy';
import { MembershipEnded } from '#tenancy/events';
import { runs } from './take-seats-of-demoted.js';

/**
 * Whoever is no member any more runs nothing of the organisation's. By what holds now: an event may come late, and find them
 * a member again, who was named anew and is at work.
 */
@Injectable()
@Handles('onboarding.take-seats-of-former', MembershipEnded, 'effect')
export class TakeSeatsOfFormer implements EventHandler<typeof MembershipEnded> {
  constructor(
    private readonly describeMembership: DescribeMembership,
    private readonly takeSeats: TakeSeats,
  ) {}

  async handle(event: DeliveredEvent<typeof MembershipEnded>): Promise<void> {
    const { tenantId, traceId, payload } = event;
    const { userId } = payload;
    const person = Actor.system(tenantId, traceId).as({ type: 'user', id: userId });
    const membership = await this.describeMembership.execute(person);
    if (membership && runs(membership)) return;
    await this.takeSeats.execute({ tenantId, userId, why: 'user_removed' }, enderIn(event));
  }
}
