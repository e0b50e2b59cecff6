import { type DynamicModule, Module } from '@nestjs/common';
import {
  ConfigModule,
  type ConfigValues,
  CryptoModule,
  DatabaseConfig,
  DbModule,
  EventBusModule,
  EventsConfig,
  HealthChecks,
  type Log,
  MailConfig,
  MailModule,
  ProcessModule,
  RedisConfig,
  RedisModule,
  RuntimeConfig,
  SecretsConfig,
  UpstreamConfig,
} from '#platform';
import { AuditWorkerModule } from '#audit';
import { BILLING_WORKER_CONCERNS, BillingWorkerModule, EndWithTenant, ForgetLeftovers } from '#billing';
import {
  ClaimsConfig,
  FirebaseConfig,
  IdentityWorkerModule,
  KeyScheduleConfig,
  MailTokensConfig,
  AccountUpkeepConfig,
  IDENTITY_ENTITIES,
  PeopleRecords,
  PlacesConfig,
} from '#identity';
import { ForgetPools, LicensingConfig, LICENSING_ENTITIES, LicensingWorkerModule } from '#licensing';
import { OnboardingWorkerModule } from '#onboarding';
import {
  ExportsConfig,
  InvitationsConfig,
  TENANCY_ENTITIES,
  TenancyLifeWorkerModule,
  TenancyWorkerModule,
} from '#tenancy';
import { ProvidersConfig } from '../api/providers.config.js';
import { TENANT_RECORDS } from './tenant-records.js';
import { WorkerConfig } from './worker.config.js';

/** Every concern that the worker reads its settings from. */
export const WORKER_CONCERNS = [
  RuntimeConfig,
  WorkerConfig,
  DatabaseConfig,
  RedisConfig,
  SecretsConfig,
  EventsConfig,
  MailConfig,
  UpstreamConfig,
  MailTokensConfig,
  InvitationsConfig,
  ClaimsConfig,
  FirebaseConfig,
  AccountUpkeepConfig,
  PlacesConfig,
  LicensingConfig,
  KeyScheduleConfig,
  ExportsConfig,
  ...BILLING_WORKER_CONCERNS,
  ProvidersConfig,
];

/** The worker: the bus, and the handlers and schedules of the contexts. No HTTP but probes, no rules of its own. */
@Module({
  imports: [
    DbModule.forRoot([...TENANCY_ENTITIES, ...LICENSING_ENTITIES, ...IDENTITY_ENTITIES]),
    RedisModule,
    CryptoModule,
    MailModule,
    EventBusModule.forWorker(),
    TenancyWorkerModule,
    LicensingWorkerModule,
    IdentityWorkerModule,
    OnboardingWorkerModule,
    BillingWorkerModule,
    AuditWorkerModule,
    TenancyLifeWorkerModule.forRoot({
      imports: [LicensingWorkerModule, IdentityWorkerModule, BillingWorkerModule],
      records: TENANT_RECORDS,
      people: PeopleRecords,
      erasers: [ForgetPools, EndWithTenant, ForgetLeftovers],
    }),
  ],
  providers: [HealthChecks],
})
export class WorkerModule {
  /** `log` is made before the application is, to tell what goes wrong while it is being made. */
  static forRoot(log: Log, settings: ConfigValues): DynamicModule {
    return { module: WorkerModule, imports: [ProcessModule.forRoot(log), ConfigModule.forRoot(settings)] };
  }
}
