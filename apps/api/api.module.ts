import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  AddressLimitGuard,
  ConfigModule,
  type ConfigValues,
  CryptoModule,
  DbModule,
  HealthModule,
  IdempotencyConfig,
  IdempotencyModule,
  LimitsModule,
  type Log,
  MetricsConfig,
  MetricsModule,
  OpenApiModule,
  ProcessModule,
  RedisModule,
  UpstreamConfig,
  UserLimitGuard,
} from '#platform';
import { AuditModule } from '#audit';
import { BILLING_CONCERNS, BillingModule } from '#billing';
import { BearerGuard, IDENTITY_ENTITIES, IdentityModule, IdentityWatchModule } from '#identity';
import { LICENSING_ENTITIES, LicensingHttpModule } from '#licensing';
import { OnboardingModule } from '#onboarding';
import {
  TENANCY_ENTITIES,
  TenancyHttpModule,
  TenancyLifeModule,
  TenancyModule,
  TenancyWatchModule,
} from '#tenancy';
import { USE_CASE_CONCERNS } from './concerns.js';
import { PagesModule } from './pages/pages.module.js';
import { ProvidersConfig } from './providers.config.js';

/** Every concern that the API reads its settings from. */
export const API_CONCERNS = [
  ...USE_CASE_CONCERNS,
  IdempotencyConfig,
  MetricsConfig,
  UpstreamConfig,
  ...BILLING_CONCERNS,
  ProvidersConfig,
];

/** The API: HTTP in front of the contexts, no rules of its own. */
@Module({
  imports: [
    DbModule.forRoot([...TENANCY_ENTITIES, ...LICENSING_ENTITIES, ...IDENTITY_ENTITIES]),
    RedisModule,
    CryptoModule,
    LimitsModule,
    IdempotencyModule,
    HealthModule,
    MetricsModule,
    OpenApiModule,
    TenancyModule,
    TenancyHttpModule,
    TenancyWatchModule,
    TenancyLifeModule,
    LicensingHttpModule,
    IdentityModule,
    IdentityWatchModule,
    OnboardingModule,
    BillingModule,
    AuditModule,
    PagesModule,
  ],
  providers: [
    // In this order: noise is stopped before anything is verified, a person is counted once they are known.
    { provide: APP_GUARD, useClass: AddressLimitGuard },
    { provide: APP_GUARD, useClass: BearerGuard },
    { provide: APP_GUARD, useClass: UserLimitGuard },
  ],
})
export class ApiModule {
  /** `log` is made before the application is, to tell what goes wrong while it is being made. */
  static forRoot(log: Log, settings: ConfigValues): DynamicModule {
    return { module: ApiModule, imports: [ProcessModule.forRoot(log), ConfigModule.forRoot(settings)] };
  }
}
