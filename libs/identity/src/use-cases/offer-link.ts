import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, DomainError, occurred } from '#platform';
import { ListTenants } from '#tenancy';
import { AddressHash } from '../accounts/address.js';
import { MailBudget } from '../accounts/budgets.js';
import { LinkAsked } from '../events/index.js';
import { Addresses } from '../persistence/addresses.js';
import { Identities } from '../persistence/identities.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { PendingIdentities } from '../persistence/pending-identities.js';
import type { UpstreamPerson } from '../upstream/upstream-identity.js';

/**
 * What becomes of somebody whose identity has no account, and whose verified address is an account's. Nobody is let
 * into it for that: issuers err, and addresses change hands. They are told of it, because the address is theirs, and
 * get a mail that links the two; or they sign in as before and link it themselves.
 */
@Injectable()
export class OfferLink {
  constructor(
    private readonly db: Db,
    private readonly mailBudget: MailBudget,
    private readonly addressHash: AddressHash,
    private readonly addresses: Addresses,
    private readonly identities: Identities,
    private readonly listTenants: ListTenants,
    private readonly mailTokens: MailTokens,
    private readonly pending: PendingIdentities,
    private readonly clock: Clock,
  ) {}

  /** Passes when there is no such account, and for an address that is not verified. Throws 409 `ACCOUNT_LINK_REQUIRED`. */
  async execute(actor: Actor, person: UpstreamPerson): Promise<void> {
    if (!person.emailVerified) return;
    const hash = this.addressHash.of(person.email);
    const { owner } = await this.addresses.holders(actor, hash);
    if (!owner) return;
    // Whoever came with the same identity at the same moment has the account by now.
    if (await this.identities.ownerOf(actor, person)) return;
    const mailSent = await this.ask(actor.as({ type: 'user', id: owner, tenantId: null }), person, hash);
    throw new DomainError(
      'conflict',
      'ACCOUNT_LINK_REQUIRED',
      'There is an account with your address. Sign in to it as before and link this provider, or follow the link in the mail that was sent there.',
      { details: { provider: person.provider, mailSent } },
    );
  }

  /** Asks for the mail; false when the mailbox has got too many. */
  async ask(owner: Actor, person: UpstreamPerson, addressHash: Buffer): Promise<boolean> {
    if ((await this.mailBudget.to(addressHash)) > 0) return false;
    const tenantId = owner.tenantId ?? (await this.listTenants.execute(owner))[0];
    if (!tenantId) return false;
    await this.db.transaction(owner.as({ tenantId }), async () => {
      const tokenId = await this.mailTokens.make('link_identity', addressHash);
      await this.pending.add(tokenId, person);
      const asked = { userId: owner.id ?? '', provider: person.provider, tokenId };
      this.db.record([occurred(LinkAsked, asked, this.clock.now())]);
    });
    return true;
  }
}
