import { Injectable } from '@nestjs/common';
import { Actor, Clock, Db } from '#platform';
import { LicenseUsers } from '../persistence/license-users.js';
import { Licenses } from '../persistence/licenses.js';
import { type Ender, EndSeats } from './end-seats.js';

const PAGE = 500;

/** Somebody may not run the program of a tenant any more: they are named on no licence of it, and have no seat on any. */
@Injectable()
export class TakeSeats {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly users: LicenseUsers,
    private readonly endSeats: EndSeats,
    private readonly clock: Clock,
  ) {}

  /**
   * In transactions of its own; repeatable. `why`: they are no member any more, or have a role that does not run the
   * program. `by`: whom the trail names. Throws 503 when Redis is away.
   */
  async execute(
    { tenantId, userId, why }: { tenantId: string; userId: string; why: 'user_removed' | 'role_changed' },
    by: Ender,
  ): Promise<void> {
    const system = Actor.system(tenantId, by.traceId);
    await this.unassign(system, userId);
    for (let after: string | null = ''; after !== null;) {
      const ids: string[] = await this.licenses.ids(system, after, PAGE);
      for (const licenseId of ids) await this.endSeats.ofUser({ tenantId, licenseId }, userId, why, by);
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
