import { DeadLettersRetried, type EventType, MailSent } from '#platform';
import {
  ApiKeyCreated,
  ApiKeyRevoked,
  ApiKeyRotated,
  BackupCodesMade,
  DeviceDiscovered,
  EmailChanged,
  EmailVerified,
  IdentityLinked,
  IdentityUnlinked,
  PasswordChanged,
  PasswordResetAsked,
  ProfileChanged,
  SecondFactorDisabled,
  SecondFactorEnabled,
  ServiceAccountChanged,
  ServiceAccountCreated,
  ServiceAccountDeleted,
  ServiceAccountDisabled,
  ServiceAccountEnabled,
  ServiceTokenIssued,
  SessionEnded,
  SessionRefreshed,
  SessionStarted,
  UserDeleted,
  UserDisplaced,
  UserReactivated,
  UserRegistered,
  UserSuspended,
} from '#identity/events';
import {
  DeviceBound,
  DeviceUnbound,
  LicenseActivatedOffline,
  LicenseIssued,
  SeatsForgotten,
} from '#licensing/events';
import * as licensing from '#licensing/events';
import {
  MembershipCreated,
  SignInPolicyChanged,
  TenantReactivated,
  TenantRegistered,
  TenantSuspended,
} from '#tenancy/events';

interface Subject {
  event: EventType;
  /** Public; never changes its meaning. */
  action: string;
  /** The field of the payload that names what was acted on, if one does. */
  subject: string | null;
}

/** Every event that is told in the trail, and how. Seats have words of their own: see record-seats.ts. */
export const SUBJECTS: readonly Subject[] = [
  { event: TenantRegistered, action: 'TENANT_REGISTERED', subject: 'tenantId' },
  { event: TenantSuspended, action: 'TENANT_SUSPENDED', subject: 'tenantId' },
  { event: TenantReactivated, action: 'TENANT_REACTIVATED', subject: 'tenantId' },
  { event: SignInPolicyChanged, action: 'SIGN_IN_POLICY_CHANGED', subject: 'tenantId' },
  { event: MembershipCreated, action: 'MEMBERSHIP_CREATED', subject: 'membershipId' },
  { event: UserRegistered, action: 'USER_REGISTERED', subject: 'userId' },
  { event: UserDisplaced, action: 'USER_DISPLACED', subject: 'userId' },
  { event: UserSuspended, action: 'USER_SUSPENDED', subject: 'userId' },
  { event: UserReactivated, action: 'USER_REACTIVATED', subject: 'userId' },
  { event: UserDeleted, action: 'USER_DELETED', subject: 'userId' },
  { event: EmailVerified, action: 'EMAIL_VERIFIED', subject: 'userId' },
  { event: ProfileChanged, action: 'PROFILE_CHANGED', subject: 'userId' },
  { event: EmailChanged, action: 'EMAIL_CHANGED', subject: 'userId' },
  { event: PasswordChanged, action: 'PASSWORD_CHANGED', subject: 'userId' },
  { event: PasswordResetAsked, action: 'PASSWORD_RESET_ASKED', subject: 'userId' },
  { event: IdentityLinked, action: 'IDENTITY_LINKED', subject: 'identityId' },
  { event: IdentityUnlinked, action: 'IDENTITY_UNLINKED', subject: 'identityId' },
  { event: SecondFactorEnabled, action: 'MFA_ENABLED', subject: 'userId' },
  { event: SecondFactorDisabled, action: 'MFA_DISABLED', subject: 'userId' },
  { event: BackupCodesMade, action: 'MFA_BACKUP_CODES_MADE', subject: 'userId' },
  { event: SessionStarted, action: 'SESSION_STARTED', subject: 'sessionId' },
  { event: DeviceDiscovered, action: 'NEW_DEVICE_SEEN', subject: 'sessionId' },
  { event: SessionRefreshed, action: 'SESSION_REFRESHED', subject: 'sessionId' },
  { event: SessionEnded, action: 'SESSION_REVOKED', subject: 'sessionId' },
  { event: ServiceAccountCreated, action: 'SERVICE_ACCOUNT_CREATED', subject: 'serviceAccountId' },
  { event: ServiceAccountChanged, action: 'SERVICE_ACCOUNT_CHANGED', subject: 'serviceAccountId' },
  { event: ServiceAccountDisabled, action: 'SERVICE_ACCOUNT_DISABLED', subject: 'serviceAccountId' },
  { event: ServiceAccountEnabled, action: 'SERVICE_ACCOUNT_ENABLED', subject: 'serviceAccountId' },
  { event: ServiceAccountDeleted, action: 'SERVICE_ACCOUNT_DELETED', subject: 'serviceAccountId' },
  { event: ApiKeyCreated, action: 'API_KEY_CREATED', subject: 'keyId' },
  { event: ApiKeyRotated, action: 'API_KEY_ROTATED', subject: 'keyId' },
  { event: ApiKeyRevoked, action: 'API_KEY_REVOKED', subject: 'keyId' },
  { event: ServiceTokenIssued, action: 'SERVICE_TOKEN_ISSUED', subject: 'serviceAccountId' },
  { event: MailSent, action: 'MAIL_SENT', subject: 'userId' },
  { event: LicenseIssued, action: 'LICENSE_ISSUED', subject: 'licenseId' },
  ...licenseSubjects(),
  { event: SeatsForgotten, action: 'SEAT_LEDGER_GAP', subject: null },
  { event: DeviceBound, action: 'DEVICE_BOUND', subject: 'licenseId' },
  { event: DeviceUnbound, action: 'DEVICE_UNBOUND', subject: 'licenseId' },
  { event: LicenseActivatedOffline, action: 'LICENSE_ACTIVATED_OFFLINE', subject: 'licenseId' },
  { event: DeadLettersRetried, action: 'EVENTS_RETRIED', subject: null },
];

/** What was done to a licence, or to all of a tenant. */
function licenseSubjects(): Subject[] {
  const of = (event: EventType, action: string): Subject => ({ event, action, subject: 'licenseId' });
  return [
    of(licensing.LicenseStarted, 'LICENSE_STARTED'),
    of(licensing.LicenseRenewed, 'LICENSE_RENEWED'),
    of(licensing.LicenseSuspended, 'LICENSE_SUSPENDED'),
    of(licensing.LicenseReinstated, 'LICENSE_REINSTATED'),
    of(licensing.LicenseRevoked, 'LICENSE_REVOKED'),
    of(licensing.LicenseTransferred, 'LICENSE_TRANSFERRED'),
    of(licensing.LicensePlanChanged, 'LICENSE_PLAN_CHANGED'),
    of(licensing.LicensePolicyChanged, 'LICENSE_POLICY_CHANGED'),
    of(licensing.LicenseOverridden, 'LICENSE_OVERRIDDEN'),
    of(licensing.LicenseOverrideCleared, 'LICENSE_OVERRIDE_CLEARED'),
    of(licensing.LicenseAssigned, 'LICENSE_ASSIGNED'),
    of(licensing.LicenseUnassigned, 'LICENSE_UNASSIGNED'),
    of(licensing.LicenseCheckedIn, 'LICENSE_CHECKED_IN'),
    { event: licensing.TenantTermsChanged, action: 'TENANT_TERMS_CHANGED', subject: 'tenantId' },
    { event: licensing.LicenseSettingsChanged, action: 'LICENSE_SETTINGS_CHANGED', subject: 'tenantId' },
  ];
}
