import { Injectable } from '@nestjs/common';
import { AccountLimits } from '../accounts/accounts.config.js';
import { addressKeyOf, Budgets, tooMany } from '../accounts/budgets.js';

const WINDOW_SECONDS = 600;

/** What programs that ask leave with us until somebody answers, about a kilobyte each: anybody may ask, from anywhere. */
@Injectable()
export class ProgramBudget {
  constructor(
    private readonly budgets: Budgets,
    private readonly limits: AccountLimits,
  ) {}

  /** Counts one that asks, in either way. Throws 429 `RATE_LIMITED`. */
  async take(address: string | null): Promise<void> {
    const key = addressKeyOf(address);
    const waitMs = await this.budgets.take('programs', key, this.limits.programs, WINDOW_SECONDS);
    if (waitMs > 0) throw tooMany(waitMs);
  }
}
