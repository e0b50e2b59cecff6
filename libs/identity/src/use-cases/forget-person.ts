import { Injectable } from '@nestjs/common';
import { Clock, Db, occurred } from '#platform';
import { UpstreamAccountReleased, UserDeleted } from '../events/index.js';
import { AddressChanges } from '../persistence/address-changes.js';
import { Addresses } from '../persistence/addresses.js';
import { Identities } from '../persistence/identities.js';
import { KnownDevices } from '../persistence/known-devices.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { Passwords } from '../persistence/passwords.js';
import { TotpFactors } from '../persistence/totp-factors.js';
import { UserProfiles } from '../persistence/user-profiles.js';
import { Users } from '../persistence/users.js';
import { EndPersonSessions, type Outdated } from './end-person-sessions.js';

/** Everything that is a person's own, gone. Attempts to sign in stay until their days are over. */
@Injectable()
export class ForgetPerson {
  constructor(
    private readonly db: Db,
    private readonly users: Users,
    private readonly profiles: UserProfiles,
    private readonly passwords: Passwords,
    private readonly addresses: Addresses,
    private readonly changes: AddressChanges,
    private readonly mailTokens: MailTokens,
    private readonly factors: TotpFactors,
    private readonly devices: KnownDevices,
    private readonly identities: Identities,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly clock: Clock,
  ) {}

  /**
   * Inside the transaction of the person, who has left these tenants. Gives which sessions ended with it: whoever calls
   * finishes that.
   */
  async execute(tenantIds: string[]): Promise<Outdated> {
    const userId = this.db.actor.id ?? '';
    // What is linked or unlinked at this moment comes before, or finds nobody.
    await this.users.lock();
    const linked = await this.identities.own();
    await this.passwords.remove();
    await this.mailTokens.forget();
    await this.changes.forget();
    await this.factors.forget();
    await this.devices.forget();
    await this.profiles.forget();
    await this.identities.forgetAll();
    await this.addresses.forget();
    const outdated = await this.endPersonSessions.begin('account_deleted', { tenantIds });
    await this.users.remove();
    const now = this.clock.now();
    const released = linked.map(({ issuer, account }) =>
      occurred(UpstreamAccountReleased, { issuer, account }, now),
    );
    this.db.record([occurred(UserDeleted, { userId }, now), ...released]);
    return outdated;
  }
}
