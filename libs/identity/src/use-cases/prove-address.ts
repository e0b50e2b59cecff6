import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, occurred } from '#platform';
import { AddressHash } from '../accounts/address.js';
import { EmailVerified } from '../events/index.js';
import { AddressChanges } from '../persistence/address-changes.js';
import { Addresses, type LostClaim } from '../persistence/addresses.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { Users } from '../persistence/users.js';
import { DisplaceClaimants } from './displace-claimants.js';

/** An address has been shown to be somebody's: by a mail that was read, or by an issuer who says so. */
@Injectable()
export class ProveAddress {
  constructor(
    private readonly db: Db,
    private readonly addresses: Addresses,
    private readonly addressHash: AddressHash,
    private readonly users: Users,
    private readonly changes: AddressChanges,
    private readonly mailTokens: MailTokens,
    private readonly displaceClaimants: DisplaceClaimants,
    private readonly clock: Clock,
  ) {}

  /**
   * By mail, inside the transaction of the person whose address `email` is. False when somebody else proved it first.
   * Then call {@link settle} with what `displaced` holds, after the transaction.
   */
  async byMail(email: string): Promise<{ displaced: LostClaim[] } | null> {
    const proof = await this.addresses.prove(this.addressHash.of(email));
    if (!proof) return null;
    await this.note();
    return proof;
  }

  /**
   * By the upstream issuer, at register or sign-in; `isNoted` when the account has it as verified already. An address
   * that another account has proved stays with that one; accounts are not merged because two issuers agree.
   */
  async byIssuer(actor: Actor, email: string, isNoted: boolean): Promise<void> {
    const hash = this.addressHash.of(email);
    const { owner } = await this.addresses.holders(actor, hash);
    if (isNoted && owner !== null) return;
    const proof = await this.db.transaction(actor, async () => {
      if (!isNoted) await this.note();
      return this.addresses.prove(hash);
    });
    if (proof) await this.settle(actor, proof);
  }

  async settle(actor: Actor, proof: { displaced: LostClaim[] }): Promise<void> {
    await this.displaceClaimants.execute(actor, proof.displaced);
  }

  private async note(): Promise<void> {
    const userId = this.db.actor.id ?? '';
    if (!(await this.users.verifyEmail())) return;
    // What was begun before the proof may be somebody else's: an old end that was nobody's had no say in it.
    await this.changes.forget();
    await this.mailTokens.revoke(['change_email_old', 'change_email_new', 'link_identity']);
    this.db.record([occurred(EmailVerified, { userId }, this.clock.now())]);
  }
}
