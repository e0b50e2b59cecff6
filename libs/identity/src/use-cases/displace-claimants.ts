import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, occurred } from '#platform';
import { ListTenants } from '#tenancy';
import { UserDisplaced } from '../events/index.js';
import { AddressChanges } from '../persistence/address-changes.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { Passwords } from '../persistence/passwords.js';
import { EndPersonSessions } from './end-person-sessions.js';

/**
 * Takes password and sessions from those who registered with an address that was not theirs, once its owner has
 * shown that it is. Their claims are gone already, with the proof: this can be repeated, and nothing waits for it.
 */
@Injectable()
export class DisplaceClaimants {
  constructor(
    private readonly db: Db,
    private readonly passwords: Passwords,
    private readonly changes: AddressChanges,
    private readonly mailTokens: MailTokens,
    private readonly listTenants: ListTenants,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly clock: Clock,
  ) {}

  /** `actor` is who proved it; each of the others is then acted for in a transaction of their own. */
  async execute(actor: Actor, userIds: readonly string[]): Promise<void> {
    for (const id of userIds) {
      const person = actor.as({ type: 'user', id, tenantId: null, sessionId: null });
      const [tenantId = null] = await this.listTenants.execute(person);
      if (!tenantId) continue;
      await this.db.transaction(person.as({ tenantId }), async () => {
        await this.passwords.remove();
        await this.changes.forget();
        await this.mailTokens.forget();
        this.db.record([occurred(UserDisplaced, { userId: id }, this.clock.now())]);
      });
      await this.endPersonSessions.execute(person, 'address_lost');
    }
  }
}
