import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ConfigModule,
  createLog,
  CryptoModule,
  DatabaseConfig,
  DbModule,
  HttpConfig,
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
import { FirebaseConfig, IDENTITY_ENTITIES, IdentityConfig, IdentityModule } from '#identity';
import {
  LeasesConfig,
  LeasesModule,
  LicensingConfig,
  LICENSING_ENTITIES,
  LicensingModule,
  LicensingOperatorsModule,
} from '#licensing';
import { OnboardingModule } from '#onboarding';
import { TENANCY_ENTITIES, TenancyModule } from '#tenancy';

const CLI_CONCERNS = [
  RuntimeConfig,
  DatabaseConfig,
  RedisConfig,
  SecretsConfig,
  HttpConfig,
  IdentityConfig,
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
    TenancyModule,
    LicensingModule,
    LicensingOperatorsModule,
    LeasesModule,
    IdentityModule,
    OnboardingModule,
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
