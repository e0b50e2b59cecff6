import { Platform1764000000001 } from './1764000000001-platform.js';
import { Tenancy1764000000002 } from './1764000000002-tenancy.js';
import { Licensing1764000000003 } from './1764000000003-licensing.js';
import { Identity1764000000004 } from './1764000000004-identity.js';
import { Billing1764000000005 } from './1764000000005-billing.js';
import { Audit1764000000006 } from './1764000000006-audit.js';
import { Catalogue1764000000007 } from './1764000000007-catalogue.js';
import { LicenseAdmin1764000000008 } from './1764000000008-license-admin.js';
import { Seats1764000000009 } from './1764000000009-seats.js';
import { Usage1764000000010 } from './1764000000010-usage.js';
import { Leases1764000000011 } from './1764000000011-leases.js';
import { Desk1764000000012 } from './1764000000012-desk.js';
import { Accounts1764000000020 } from './1764000000020-accounts.js';
import { SecondFactor1764000000021 } from './1764000000021-second-factor.js';
import { SigningKeys1764000000030 } from './1764000000030-signing-keys.js';
import { RefreshTokens1764000000031 } from './1764000000031-refresh-tokens.js';
import { SessionDevices1764000000032 } from './1764000000032-session-devices.js';
import { ServiceAccounts1764000000040 } from './1764000000040-service-accounts.js';
import { Social1764000000050 } from './1764000000050-social.js';
import { SignInPolicy1764000000060 } from './1764000000060-sign-in-policy.js';
import { LoginEvents1764000000061 } from './1764000000061-login-events.js';
import { KnownDevices1764000000062 } from './1764000000062-known-devices.js';
import { UserProfiles1764000000063 } from './1764000000063-user-profiles.js';
import { AccountRepairs1764000000070 } from './1764000000070-account-repairs.js';
import { SessionBegins1764000000090 } from './1764000000090-session-begins.js';
import { TenantSuspensions1764000000100 } from './1764000000100-tenant-suspensions.js';
import { UnprovedHolders1764000000101 } from './1764000000101-unproved-holders.js';
import { RolesAndSettings1764000000110 } from './1764000000110-roles-and-settings.js';
import { Invitations1764000000111 } from './1764000000111-invitations.js';
import { ClosedTenants1764000000114 } from './1764000000114-closed-tenants.js';
import { TenantExports1764000000115 } from './1764000000115-tenant-exports.js';
import { TokenEpochs1764000000120 } from './1764000000120-token-epochs.js';
import { DerivedSessions1764000000121 } from './1764000000121-derived-sessions.js';
import { RemovedMembers1764000000123 } from './1764000000123-removed-members.js';
import { StripeWrites1764000000130 } from './1764000000130-stripe-writes.js';
import { BillingAccounts1764000000131 } from './1764000000131-billing-accounts.js';
import { Purchases1764000000132 } from './1764000000132-purchases.js';
import { BillingStream1764000000135 } from './1764000000135-billing-stream.js';
import { BilledUsage1764000000136 } from './1764000000136-billed-usage.js';
import { BillingOperations1764000000137 } from './1764000000137-billing-operations.js';
import { Contracts1764000000138 } from './1764000000138-contracts.js';

/** The one ordered line of migrations. */
export const MIGRATIONS = [
  Platform1764000000001,
  Tenancy1764000000002,
  Licensing1764000000003,
  Identity1764000000004,
  Billing1764000000005,
  Audit1764000000006,
  Catalogue1764000000007,
  LicenseAdmin1764000000008,
  Seats1764000000009,
  Usage1764000000010,
  Leases1764000000011,
  Desk1764000000012,
  Accounts1764000000020,
  SecondFactor1764000000021,
  SigningKeys1764000000030,
  RefreshTokens1764000000031,
  SessionDevices1764000000032,
  ServiceAccounts1764000000040,
  Social1764000000050,
  SignInPolicy1764000000060,
  LoginEvents1764000000061,
  KnownDevices1764000000062,
  UserProfiles1764000000063,
  AccountRepairs1764000000070,
  SessionBegins1764000000090,
  TenantSuspensions1764000000100,
  UnprovedHolders1764000000101,
  RolesAndSettings1764000000110,
  Invitations1764000000111,
  ClosedTenants1764000000114,
  TenantExports1764000000115,
  TokenEpochs1764000000120,
  DerivedSessions1764000000121,
  RemovedMembers1764000000123,
  StripeWrites1764000000130,
  BillingAccounts1764000000131,
  Purchases1764000000132,
  BillingStream1764000000135,
  BilledUsage1764000000136,
  BillingOperations1764000000137,
  Contracts1764000000138,
];
