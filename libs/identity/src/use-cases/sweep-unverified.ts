import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Actor, Clock, Db } from '#platform';
import { ListTenants } from '#tenancy';
import { AccountUpkeepConfig } from '../accounts/upkeep.config.js';
import { UserDirectory } from '../persistence/user-directory.js';
import { Users } from '../persistence/users.js';
import { EndPersonSessions } from './end-person-sessions.js';
import { ForgetPerson } from './forget-person.js';

const DAY_MS = 86_400_000;
/** Accounts a turn, each in transactions of its own. */
const BATCH = 100;

/**
 * Deletes accounts by password whose address was never verified: their claims, passwords and sessions. Not those that an
 * operator brought from elsewhere: nobody asked their people to verify. Organisation and licence stay: the licence's key
 * may be in use by itself, and what becomes of organisations is tenancy's to decide.
 */
@Injectable()
export class SweepUnverified {
  constructor(
    private readonly db: Db,
    private readonly directory: UserDirectory,
    private readonly config: AccountUpkeepConfig,
    private readonly users: Users,
    private readonly listTenants: ListTenants,
    private readonly forgetPerson: ForgetPerson,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly clock: Clock,
  ) {}

  /** True when there may be more. */
  async execute(): Promise<boolean> {
    if (this.config.unverifiedDays === 0) return false;
    const before = new Date(this.clock.now().getTime() - this.config.unverifiedDays * DAY_MS);
    const ids = await this.directory.unverifiedSince(before, BATCH);
    let gone = 0;
    for (const id of ids) if (await this.sweep(id)) gone += 1;
    // Where nobody can be deleted, the next look would find the same people.
    return gone > 0 && ids.length === BATCH;
  }

  private async sweep(id: string): Promise<boolean> {
    const system = Actor.system(null, randomBytes(16).toString('hex'));
    const person = system.as({ type: 'user', id });
    const [tenantId] = await this.listTenants.execute(person);
    if (!tenantId) return false;
    const outdated = await this.db.transaction(person.as({ tenantId }), async () => {
      // Whoever verifies it at this moment keeps it.
      if (!(await this.users.lockUnverified())) return null;
      return this.forgetPerson.execute();
    });
    if (outdated) await this.endPersonSessions.finish(system, outdated);
    return outdated !== null;
  }
}
