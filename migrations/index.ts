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
import { Wishes1764000000143 } from './1764000000143-wishes.js';
import { Endings1764000000144 } from './1764000000144-endings.js';
import { GoneCustomers1764000000145 } from './1764000000145-gone-customers.js';
import { DecidedUses1764000000146 } from './1764000000146-decided-uses.js';
import { TriedWrites1764000000149 } from './1764000000149-tried-writes.js';
import { ChosenTrial1764000000155 } from './1764000000155-chosen-trial.js';
import { FollowingLicenses1764000000156 } from './1764000000156-following-licenses.js';
import { StripeInbox1764000000158 } from './1764000000158-stripe-inbox.js';
import { SessionFamilies1764000000160 } from './1764000000160-session-families.js';
import { RepairsOfLanded1764000000161 } from './1764000000161-repairs-of-landed.js';
import { BillingContacts1764000000163 } from './1764000000163-billing-contacts.js';
import { ProductWrites1764000000164 } from './1764000000164-product-writes.js';
import { SettledDrift1764000000166 } from './1764000000166-settled-drift.js';
import { StreamWords1764000000170 } from './1764000000170-stream-words.js';
import { FollowedPurchases1764000000171 } from './1764000000171-followed-purchases.js';
import { CustomersOfEvents1764000000172 } from './1764000000172-customers-of-events.js';
import { BillingIndexes1764000000173 } from './1764000000173-billing-indexes.js';
import { CheckedUses1764000000174 } from './1764000000174-checked-uses.js';
import { TakenWishes1764000000180 } from './1764000000180-taken-wishes.js';
import { UsesById1764000000181 } from './1764000000181-uses-by-id.js';
import { UsesByTime1764000000182 } from './1764000000182-uses-by-time.js';
import { PartsOfEffects1764000000183 } from './1764000000183-parts-of-effects.js';
import { UsesByContract1764000000184 } from './1764000000184-uses-by-contract.js';
import { UsesByAnswer1764000000185 } from './1764000000185-uses-by-answer.js';

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
  Wishes1764000000143,
  Endings1764000000144,
  GoneCustomers1764000000145,
  DecidedUses1764000000146,
  TriedWrites1764000000149,
  ChosenTrial1764000000155,
  FollowingLicenses1764000000156,
  StripeInbox1764000000158,
  SessionFamilies1764000000160,
  RepairsOfLanded1764000000161,
  BillingContacts1764000000163,
  ProductWrites1764000000164,
  SettledDrift1764000000166,
  StreamWords1764000000170,
  FollowedPurchases1764000000171,
  CustomersOfEvents1764000000172,
  BillingIndexes1764000000173,
  CheckedUses1764000000174,
  TakenWishes1764000000180,
  UsesById1764000000181,
  UsesByTime1764000000182,
  PartsOfEffects1764000000183,
  UsesByContract1764000000184,
  UsesByAnswer1764000000185,
];
