import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ConfigModule,
  createLog,
  CryptoModule,
  DatabaseConfig,
  DbModule,
  HttpConfig,
  LimitsConfig,
  LimitsModule,
  loadConfig,
  type Log,
  NestLog,
  ProcessModule,
  readEnvironment,
  RedisConfig,
  RedisModule,
  RuntimeConfig,
  SecretsConfig,
} from '#platform';
import { AdminModule } from '#admin';
import {
  AccountsConfig,
  FirebaseConfig,
  IDENTITY_ENTITIES,
  IdentityConfig,
  IdentityModule,
  IssuingConfig,
  KeyScheduleConfig,
  KeysConfig,
  MailTokensConfig,
  PasswordsConfig,
  ServiceAccountsConfig,
  PlacesConfig,
} from '#identity';
import {
  LeasesConfig,
  LeasesModule,
  LicensingConfig,
  LICENSING_ENTITIES,
  LicensingModule,
  LicensingOperatorsModule,
} from '#licensing';
import { OnboardingModule, OnboardingOperatorsModule } from '#onboarding';
import { TENANCY_ENTITIES, TenancyModule } from '#tenancy';

const CLI_CONCERNS = [
  RuntimeConfig,
  DatabaseConfig,
  RedisConfig,
  SecretsConfig,
  LimitsConfig,
  HttpConfig,
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
];

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
  ],
})
class CliModule {
  static forRoot(log: Log): DynamicModule {
    const settings = loadConfig(CLI_CONCERNS, readEnvironment());
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
