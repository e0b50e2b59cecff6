import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, occurred } from '#platform';
import { ListTenants } from '#tenancy';
import { UserDisplaced } from '../events/index.js';
import { AddressChanges } from '../persistence/address-changes.js';
import { Addresses, type LostClaim } from '../persistence/addresses.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { Passwords } from '../persistence/passwords.js';
import { Users } from '../persistence/users.js';
import { EndPersonSessions } from './end-person-sessions.js';

/**
 * Takes password and sessions from those who registered with an address that was not theirs, once its owner has
 * shown that it is. Whoever proved it does so at once; the worker, too, by the event that came with the proof. The claim
 * goes in the same transaction, so it is done once.
 */
@Injectable()
export class DisplaceClaimants {
  constructor(
    private readonly db: Db,
    private readonly users: Users,
    private readonly addresses: Addresses,
    private readonly passwords: Passwords,
    private readonly changes: AddressChanges,
    private readonly mailTokens: MailTokens,
    private readonly listTenants: ListTenants,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly clock: Clock,
  ) {}

  /** `actor` is who proved it; each of the others is then acted for in a transaction of their own. */
  async execute(actor: Actor, claims: readonly LostClaim[]): Promise<void> {
    for (const claim of claims) {
      if (await this.one(actor, claim)) continue;
      // The worker was faster, and may be at their sessions still: nobody is answered before those have ended.
      const person = actor.as({ type: 'user', id: claim.userId, tenantId: null, sessionId: null });
      await this.endPersonSessions.execute(person, 'address_lost');
    }
  }

  /** False when it was done. */
  async one(actor: Actor, claim: LostClaim): Promise<boolean> {
    const { userId } = claim;
    const person = actor.as({ type: 'user', id: userId, tenantId: null, sessionId: null });
    const [tenantId = null] = await this.listTenants.execute(person);
    if (!tenantId) return false;
    const outdated = await this.db.transaction(person.as({ tenantId }), async () => {
      await this.users.lock();
      if (!(await this.addresses.lose(claim))) return null;
      await this.passwords.remove();
      await this.changes.forget();
      await this.mailTokens.forget();
      this.db.record([occurred(UserDisplaced, { userId }, this.clock.now())]);
      return this.endPersonSessions.begin('address_lost');
    });
    if (outdated) await this.endPersonSessions.finish(person, outdated);
    return outdated !== null;
  }
}
