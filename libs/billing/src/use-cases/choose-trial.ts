import { Injectable } from '@nestjs/common';
import { Clock } from '#platform';
import { CheckoutConfig } from '../checkout.config.js';
import { TRIAL_DAYS_MAX } from '../domain/trial.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';

/** Keeps how long a trial somebody wishes for who signs up, until they buy. */
@Injectable()
export class ChooseTrial {
  constructor(
    private readonly accounts: BillingAccounts,
    private readonly config: CheckoutConfig,
    private readonly clock: Clock,
  ) {}

  /** Inside the transaction that makes the tenant. Nothing is kept unless the operator lets callers choose (S2-06, C49). */
  async execute(days: number | undefined): Promise<void> {
    if (days === undefined || !this.config.isTrialChosen) return;
    await this.accounts.lock(this.clock.now());
    await this.accounts.chooseTrial(Math.min(days, TRIAL_DAYS_MAX));
  }
}
