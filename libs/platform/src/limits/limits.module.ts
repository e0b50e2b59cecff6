import { Global, Module } from '@nestjs/common';
import { GeneralLimits } from './general-limits.js';
import { GuessLimit } from './guess-limit.js';
import { LimitStore } from './limit-store.js';
import { Limits } from './limits.config.js';
import { OpenStreams } from './open-streams.js';
import { PoolBudget } from './pool-budget.js';

/**
 * Rate limits. Needs LimitsConfig and RuntimeConfig from ConfigModule, RedisModule, Clock and Log. The guards are
 * the application's to order: AddressLimitGuard, authentication, UserLimitGuard.
 */
@Global()
@Module({
  providers: [Limits, LimitStore, GeneralLimits, PoolBudget, GuessLimit, OpenStreams],
  exports: [Limits, GeneralLimits, PoolBudget, GuessLimit, OpenStreams],
})
export class LimitsModule {}
