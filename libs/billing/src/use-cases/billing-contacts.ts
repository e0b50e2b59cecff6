import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Actor, Clock, Db, occurred } from '#platform';
import { EmailAddress } from '#identity';
import { ContactsChanged } from '../events/index.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { BillingAccess } from './billing-access.js';

/** Enough for an accounting department; each of them gets every mail about money. */
const CONTACTS_MAX = 5;

export const BillingContactsInput = z.strictObject({
  emails: z
    .array(EmailAddress)
    .max(CONTACTS_MAX)
    .transform((all) => [...new Set(all)]),
});

/** Whom an organisation wants to be written to about what it pays, besides its owners and billing people. */
@Injectable()
export class BillingContacts {
  constructor(
    private readonly access: BillingAccess,
    private readonly db: Db,
    private readonly accounts: BillingAccounts,
    private readonly clock: Clock,
  ) {}

  /** Addresses, the one that receipts go to first. Throws 403 `MISSING_SCOPE`. */
  async read(actor: Actor): Promise<readonly string[]> {
    this.access.mayRead(actor);
    return (await this.accounts.get(actor)).contacts;
  }

  /** The same instead of those before. Also where nothing is sold: contracts are told of, too. Throws 403. */
  async replace(actor: Actor, { emails }: z.output<typeof BillingContactsInput>): Promise<readonly string[]> {
    this.access.mayAnswer(actor);
    return this.db.transaction(actor, async () => {
      const now = this.clock.now();
      const { contacts } = await this.accounts.lock(now);
      if (contacts.join() === emails.join()) return contacts;
      await this.accounts.setContacts(emails);
      this.db.record([occurred(ContactsChanged, { count: emails.length }, now)]);
      return emails;
    });
  }
}
