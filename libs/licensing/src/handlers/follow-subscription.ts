import { Injectable } from '@nestjs/common';
import { Clock, type DeliveredEvent, type EventHandler, Handles, Log } from '#platform';
import { SubscriptionChanged } from '#billing/events';
import { followerOf } from '../domain/license.js';
import { Licenses } from '../persistence/licenses.js';

/** The licence that a tenant signed up with is what it has bought: plan, seats, and whether it is paid for. */
@Injectable()
@Handles('licensing.follow-subscription', SubscriptionChanged)
export class FollowSubscription implements EventHandler<typeof SubscriptionChanged> {
  constructor(
    private readonly licenses: Licenses,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async handle({ tenantId, payload }: DeliveredEvent<typeof SubscriptionChanged>): Promise<void> {
    const license = followerOf(await this.licenses.lockAll());
    const { revision, state, access, plan, seats, offlineUntil } = payload;
    // None of the others takes its place by itself: their terms are agreed with operators, who say `license follow`.
    if ((!license || license.hasEnded) && access === 'full' && plan !== 'FREE')
      this.log.warn({ tenant_id: tenantId, plan }, 'A tenant pays, and its licence has ended.');
    if (!license) return;
    license.followPurchase({ revision, state, access, plan, seats, offlineUntil }, this.clock.now());
    await this.licenses.save(license);
  }
}
