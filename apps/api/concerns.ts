import {
  DatabaseConfig,
  HttpConfig,
  LimitsConfig,
  RedisConfig,
  RuntimeConfig,
  SecretsConfig,
} from '#platform';
import {
  AccountsConfig,
  FirebaseConfig,
  IdentityConfig,
  IssuingConfig,
  KeyScheduleConfig,
  KeysConfig,
  MailTokensConfig,
  PasswordsConfig,
  PlacesConfig,
  ServiceAccountsConfig,
} from '#identity';
import { LeasesConfig, LicensingConfig } from '#licensing';
import { OnboardingConfig } from '#onboarding';
import { DeletionConfig, InvitationsConfig } from '#tenancy';

/** Every concern that the use cases read their settings from, behind HTTP and behind commands alike. */
export const USE_CASE_CONCERNS = [
  RuntimeConfig,
  HttpConfig,
  DatabaseConfig,
  RedisConfig,
  SecretsConfig,
  LimitsConfig,
  IdentityConfig,
  KeysConfig,
  KeyScheduleConfig,
  PasswordsConfig,
  AccountsConfig,
  MailTokensConfig,
  InvitationsConfig,
  OnboardingConfig,
  ServiceAccountsConfig,
  IssuingConfig,
  PlacesConfig,
  FirebaseConfig,
  LicensingConfig,
  LeasesConfig,
  DeletionConfig,
];
