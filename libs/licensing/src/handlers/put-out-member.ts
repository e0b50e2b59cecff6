import { Injectable } from '@nestjs/common';
import { Actor, Clock, Db, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { MembershipEnded } from '#tenancy/events';
import { LicenseUsers } from '../persistence/license-users.js';
import { Licenses } from '../persistence/licenses.js';
import { EndSeats, enderIn } from '../use-cases/end-seats.js';

const PAGE = 500;

/** Whoever is no member any more is named on no licence of the tenant, and has no seat on any. */
@Injectable()
@Handles('licensing.put-out-member', MembershipEnded, 'effect')
export class PutOutMember implements EventHandler<typeof MembershipEnded> {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly users: LicenseUsers,
    private readonly endSeats: EndSeats,
    private readonly clock: Clock,
  ) {}

  async handle(event: DeliveredEvent<typeof MembershipEnded>): Promise<void> {
    const { tenantId, traceId, payload } = event;
    const { userId } = payload;
    const system = Actor.system(tenantId, traceId);
    await this.unassign(system, userId);
    const by = enderIn(event);
    for (let after: string | null = ''; after !== null;) {
      const ids: string[] = await this.licenses.ids(system, after, PAGE);
      for (const licenseId of ids)
        await this.endSeats.ofUser({ tenantId, licenseId }, userId, 'user_removed', by);
      after = ids.length < PAGE ? null : (ids.at(-1) ?? null);
    }
  }

  /** First, so that no seat that ends is followed by another. */
  private async unassign(system: Actor, userId: string): Promise<void> {
    for (const licenseId of await this.users.licensesOf(system, userId)) {
      await this.db.transaction(system, async () => {
        const license = await this.licenses.lock(licenseId);
        if (!(await this.users.remove(licenseId, userId))) return;
        license.unassign(userId, this.clock.now());
        await this.licenses.save(license);
      });
    }
  }
}
