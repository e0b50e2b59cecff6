import { Injectable } from '@nestjs/common';
import { Clock, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { SubscriptionChanged } from '#billing/events';
import { Licenses } from '../persistence/licenses.js';

/** The licence that a tenant signed up with is what it has bought: plan, seats, and whether it is paid for. */
@Injectable()
@Handles('licensing.follow-subscription', SubscriptionChanged)
export class FollowSubscription implements EventHandler<typeof SubscriptionChanged> {
  constructor(
    private readonly licenses: Licenses,
    private readonly clock: Clock,
  ) {}

  async handle({ payload }: DeliveredEvent<typeof SubscriptionChanged>): Promise<void> {
    // The oldest that has not ended: further ones are issued by operators, on terms of their own.
    const license = (await this.licenses.lockAll()).find((one) => !one.hasEnded);
    if (!license) return;
    const { revision, state, access, plan, seats, offlineUntil } = payload;
    license.followPurchase({ revision, state, access, plan, seats, offlineUntil }, this.clock.now());
    await this.licenses.save(license);
  }
}
