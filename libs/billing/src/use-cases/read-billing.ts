import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { Prices } from '../catalogue/prices.js';
import type { PriceList } from '../domain/plan-price.js';
import { type ShownChange, shownChange } from '../domain/shown-change.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { WishBook } from '../persistence/wishes.js';
import { BillingAccess } from './billing-access.js';

/** What a tenant has and could have. */
@Injectable()
export class ReadBilling {
  constructor(
    private readonly access: BillingAccess,
    private readonly accounts: BillingAccounts,
    private readonly wishes: WishBook,
    private readonly prices: Prices,
  ) {}

  /** With the last change that somebody asked for. Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`. */
  async account(actor: Actor): Promise<{ account: BillingAccount; change: ShownChange | null }> {
    this.access.mayRead(actor);
    const [account, wishes] = await Promise.all([this.accounts.get(actor), this.wishes.get(actor)]);
    return { account, change: shownChange(wishes) };
  }

  /** Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`. */
  plans(actor: Actor): PriceList {
    this.access.mayRead(actor);
    return this.prices.list;
  }
}
