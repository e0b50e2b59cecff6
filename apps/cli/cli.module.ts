import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ConfigModule,
  createLog,
  CryptoModule,
  DbModule,
  LimitsModule,
  loadConfig,
  type Log,
  NestLog,
  ProcessModule,
  readEnvironment,
  RedisModule,
} from '#platform';
import { AdminModule } from '#admin';
import { BILLING_OPERATOR_CONCERNS, BillingOperatorsModule, CheckoutConfig } from '#billing';
import { IDENTITY_ENTITIES, IdentityModule } from '#identity';
import { LeasesModule, LICENSING_ENTITIES, LicensingModule, LicensingOperatorsModule } from '#licensing';
import { OnboardingModule, OnboardingOperatorsModule } from '#onboarding';
import { TENANCY_ENTITIES, TenancyModule } from '#tenancy';
import { USE_CASE_CONCERNS } from '../api/concerns.js';

/** The contexts, for commands: the same use cases as behind HTTP. */
@Module({
  imports: [
    DbModule.forRoot([...TENANCY_ENTITIES, ...LICENSING_ENTITIES, ...IDENTITY_ENTITIES]),
    RedisModule,
    CryptoModule,
    LimitsModule,
    TenancyModule,
    LicensingModule,
    LicensingOperatorsModule,
    LeasesModule,
    IdentityModule,
    OnboardingModule,
    OnboardingOperatorsModule,
    AdminModule,
    BillingOperatorsModule,
  ],
})
class CliModule {
  static forRoot(log: Log): DynamicModule {
    const settings = loadConfig(
      [...USE_CASE_CONCERNS, ...BILLING_OPERATOR_CONCERNS, CheckoutConfig],
      readEnvironment(),
    );
    return { module: CliModule, imports: [ProcessModule.forRoot(log), ConfigModule.forRoot(settings)] };
  }
}

/** The caller closes it. */
export function openProduct(): Promise<INestApplicationContext> {
  const log = createLog({ process: 'cli', level: 'warn' });
  return NestFactory.createApplicationContext(CliModule.forRoot(log), {
    logger: new NestLog(log),
    abortOnError: false,
  });
}
