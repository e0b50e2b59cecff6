import { Injectable } from '@nestjs/common';
import { type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { MembershipEnded } from '#tenancy/events';
import { enderIn } from '../use-cases/end-seats.js';
import { TakeSeats } from '../use-cases/take-seats.js';

/** Whoever is no member any more runs nothing of the tenant's. */
@Injectable()
@Handles('licensing.put-out-member', MembershipEnded, 'effect')
export class PutOutMember implements EventHandler<typeof MembershipEnded> {
  constructor(private readonly takeSeats: TakeSeats) {}

  async handle(event: DeliveredEvent<typeof MembershipEnded>): Promise<void> {
    await this.takeSeats.execute(event.tenantId, event.payload.userId, enderIn(event));
  }
}
