import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  AddressLimitGuard,
  ConfigModule,
  type ConfigValues,
  CryptoModule,
  DatabaseConfig,
  DbModule,
  HealthModule,
  HttpConfig,
  IdempotencyConfig,
  IdempotencyModule,
  LimitsConfig,
  LimitsModule,
  type Log,
  MetricsConfig,
  MetricsModule,
  OpenApiModule,
  ProcessModule,
  RedisConfig,
  RedisModule,
  RuntimeConfig,
  SecretsConfig,
  UpstreamConfig,
  UserLimitGuard,
} from '#platform';
import { AuditModule } from '#audit';
import { BillingConfig, BillingModule } from '#billing';
import {
  AccountsConfig,
  BearerGuard,
  FirebaseConfig,
  IDENTITY_ENTITIES,
  IdentityConfig,
  IdentityModule,
  IdentityWatchModule,
  IssuingConfig,
  KeyScheduleConfig,
  KeysConfig,
  MailTokensConfig,
  PasswordsConfig,
  ServiceAccountsConfig,
  PlacesConfig,
} from '#identity';
import { LeasesConfig, LicensingConfig, LICENSING_ENTITIES, LicensingHttpModule } from '#licensing';
import { OnboardingModule } from '#onboarding';
import { TENANCY_ENTITIES, TenancyModule } from '#tenancy';

/** Every concern that the API reads its settings from. */
export const API_CONCERNS = [
  RuntimeConfig,
  HttpConfig,
  DatabaseConfig,
  RedisConfig,
  SecretsConfig,
  LimitsConfig,
  IdempotencyConfig,
  MetricsConfig,
  UpstreamConfig,
  IdentityConfig,
  KeysConfig,
  KeyScheduleConfig,
  PasswordsConfig,
  AccountsConfig,
  MailTokensConfig,
  ServiceAccountsConfig,
  IssuingConfig,
  PlacesConfig,
  FirebaseConfig,
  LicensingConfig,
  LeasesConfig,
  BillingConfig,
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
    LicensingHttpModule,
    IdentityModule,
    IdentityWatchModule,
    OnboardingModule,
    BillingModule,
    AuditModule,
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
