import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Actor, Clock, Db, DomainError } from '#platform';
import { LeaveAll, ListTenants } from '#tenancy';
import { AccountUpkeepConfig } from '../accounts/upkeep.config.js';
import { UserDirectory } from '../persistence/user-directory.js';
import { Users } from '../persistence/users.js';
import { EndPersonSessions } from './end-person-sessions.js';
import { ForgetPerson } from './forget-person.js';

const DAY_MS = 86_400_000;
/** Accounts a turn, each in transactions of its own. */
const BATCH = 100;

/** Thrown to take a transaction back. */
class Verified extends Error {}

/**
 * Deletes accounts by password whose address was never verified: their claims, passwords and sessions. Not those that an
 * operator brought from elsewhere: nobody asked their people to verify; nor those who are the last owner of an organisation
 * that others are in. One in which nobody else is stays, with its licence: nobody has asked for its end, and a key that an
 * operator issued may be in use by itself.
 */
@Injectable()
export class SweepUnverified {
  constructor(
    private readonly db: Db,
    private readonly directory: UserDirectory,
    private readonly config: AccountUpkeepConfig,
    private readonly users: Users,
    private readonly listTenants: ListTenants,
    private readonly leaveAll: LeaveAll,
    private readonly forgetPerson: ForgetPerson,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly clock: Clock,
  ) {}

  /** The last that was looked at: who cannot be deleted, being in no organisation, keeps nobody behind them. */
  private after = '';

  /** True when there may be more. */
  async execute(): Promise<boolean> {
    if (this.config.unverifiedDays === 0) return false;
    const before = new Date(this.clock.now().getTime() - this.config.unverifiedDays * DAY_MS);
    const ids = await this.directory.unverifiedSince(before, BATCH, this.after);
    for (const id of ids) await this.sweep(id);
    const isMore = ids.length === BATCH;
    // At the end, the next look begins anew.
    this.after = (isMore && ids.at(-1)) || '';
    return isMore;
  }

  private async sweep(id: string): Promise<void> {
    const system = Actor.system(null, randomBytes(16).toString('hex'));
    const person = system.as({ type: 'user', id });
    const [tenantId] = await this.listTenants.execute(person);
    if (!tenantId) return;
    const fitToOwn = (ids: readonly string[]) => this.directory.fitToOwn(ids);
    const outdated = await this.db
      .transaction(person.as({ tenantId }), async () => {
        const tenantIds = await this.leaveAll.execute({ fitToOwn, graceDays: null });
        // Whoever verifies it at this moment keeps it, and stays where they are.
        if (!(await this.users.lockUnverified())) throw new Verified();
        return this.forgetPerson.execute(tenantIds);
      })
      .catch(unlessKept);
    if (outdated) await this.endPersonSessions.finish(system, outdated);
  }
}

/** Null for who stays: somebody else's organisation needs them, or they have verified their address just now. */
function unlessKept(error: unknown): null {
  if (error instanceof Verified || (error instanceof DomainError && error.code === 'LAST_OWNER')) return null;
  throw error;
}
