import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { BillingAccounts } from '../persistence/billing-accounts.js';

/** Whom a tenant wants to be written to about what it pays, besides its own people. For other contexts. */
@Injectable()
export class ReadBillingContacts {
  constructor(private readonly accounts: BillingAccounts) {}

  /** Addresses; none when the tenant's rows are gone. */
  async execute(actor: Actor): Promise<readonly string[]> {
    return (await this.accounts.get(actor)).contacts;
  }
}
