import { DeadLettersRetried, type EventType, MailSent } from '#platform';
import * as identity from '#identity/events';
import * as licensing from '#licensing/events';
import * as tenancy from '#tenancy/events';

interface Subject {
  event: EventType;
  /** Public; never changes its meaning. */
  action: string;
  /** The field of the payload that names what was acted on, if one does. */
  subject: string | null;
}

/** Every event that is told in the trail, and how. Seats have words of their own: see record-seats.ts. */
export const SUBJECTS: readonly Subject[] = [
  { event: tenancy.TenantRegistered, action: 'TENANT_REGISTERED', subject: 'tenantId' },
  { event: tenancy.TenantSuspended, action: 'TENANT_SUSPENDED', subject: 'tenantId' },
  { event: tenancy.TenantReactivated, action: 'TENANT_REACTIVATED', subject: 'tenantId' },
  { event: tenancy.SignInPolicyChanged, action: 'SIGN_IN_POLICY_CHANGED', subject: 'tenantId' },
  { event: tenancy.MembershipCreated, action: 'MEMBERSHIP_CREATED', subject: 'membershipId' },
  { event: identity.UserRegistered, action: 'USER_REGISTERED', subject: 'userId' },
  { event: identity.UserDisplaced, action: 'USER_DISPLACED', subject: 'userId' },
  { event: identity.UserSuspended, action: 'USER_SUSPENDED', subject: 'userId' },
  { event: identity.UserReactivated, action: 'USER_REACTIVATED', subject: 'userId' },
  { event: identity.UserDeleted, action: 'USER_DELETED', subject: 'userId' },
  { event: identity.EmailVerified, action: 'EMAIL_VERIFIED', subject: 'userId' },
  { event: identity.ProfileChanged, action: 'PROFILE_CHANGED', subject: 'userId' },
  { event: identity.EmailChanged, action: 'EMAIL_CHANGED', subject: 'userId' },
  { event: identity.PasswordChanged, action: 'PASSWORD_CHANGED', subject: 'userId' },
  { event: identity.PasswordResetAsked, action: 'PASSWORD_RESET_ASKED', subject: 'userId' },
  { event: identity.IdentityLinked, action: 'IDENTITY_LINKED', subject: 'identityId' },
  { event: identity.IdentityUnlinked, action: 'IDENTITY_UNLINKED', subject: 'identityId' },
  { event: identity.SecondFactorEnabled, action: 'MFA_ENABLED', subject: 'userId' },
  { event: identity.SecondFactorDisabled, action: 'MFA_DISABLED', subject: 'userId' },
  { event: identity.BackupCodesMade, action: 'MFA_BACKUP_CODES_MADE', subject: 'userId' },
  { event: identity.SessionStarted, action: 'SESSION_STARTED', subject: 'sessionId' },
  { event: identity.DeviceDiscovered, action: 'NEW_DEVICE_SEEN', subject: 'sessionId' },
  { event: identity.SessionRefreshed, action: 'SESSION_REFRESHED', subject: 'sessionId' },
  { event: identity.SessionEnded, action: 'SESSION_REVOKED', subject: 'sessionId' },
  { event: identity.ServiceAccountCreated, action: 'SERVICE_ACCOUNT_CREATED', subject: 'serviceAccountId' },
  { event: identity.ServiceAccountChanged, action: 'SERVICE_ACCOUNT_CHANGED', subject: 'serviceAccountId' },
  { event: identity.ServiceAccountDisabled, action: 'SERVICE_ACCOUNT_DISABLED', subject: 'serviceAccountId' },
  { event: identity.ServiceAccountEnabled, action: 'SERVICE_ACCOUNT_ENABLED', subject: 'serviceAccountId' },
  { event: identity.ServiceAccountDeleted, action: 'SERVICE_ACCOUNT_DELETED', subject: 'serviceAccountId' },
  { event: identity.ApiKeyCreated, action: 'API_KEY_CREATED', subject: 'keyId' },
  { event: identity.ApiKeyRotated, action: 'API_KEY_ROTATED', subject: 'keyId' },
  { event: identity.ApiKeyRevoked, action: 'API_KEY_REVOKED', subject: 'keyId' },
  { event: identity.ServiceTokenIssued, action: 'SERVICE_TOKEN_ISSUED', subject: 'serviceAccountId' },
  { event: MailSent, action: 'MAIL_SENT', subject: 'userId' },
  { event: licensing.LicenseIssued, action: 'LICENSE_ISSUED', subject: 'licenseId' },
  { event: licensing.LicenseStarted, action: 'LICENSE_STARTED', subject: 'licenseId' },
  { event: licensing.LicenseRenewed, action: 'LICENSE_RENEWED', subject: 'licenseId' },
  { event: licensing.LicenseSuspended, action: 'LICENSE_SUSPENDED', subject: 'licenseId' },
  { event: licensing.LicenseReinstated, action: 'LICENSE_REINSTATED', subject: 'licenseId' },
  { event: licensing.LicenseRevoked, action: 'LICENSE_REVOKED', subject: 'licenseId' },
  { event: licensing.LicenseTransferred, action: 'LICENSE_TRANSFERRED', subject: 'licenseId' },
  { event: licensing.LicensePlanChanged, action: 'LICENSE_PLAN_CHANGED', subject: 'licenseId' },
  { event: licensing.LicensePolicyChanged, action: 'LICENSE_POLICY_CHANGED', subject: 'licenseId' },
  { event: licensing.LicenseOverridden, action: 'LICENSE_OVERRIDDEN', subject: 'licenseId' },
  { event: licensing.LicenseOverrideCleared, action: 'LICENSE_OVERRIDE_CLEARED', subject: 'licenseId' },
  { event: licensing.LicenseAssigned, action: 'LICENSE_ASSIGNED', subject: 'licenseId' },
  { event: licensing.LicenseUnassigned, action: 'LICENSE_UNASSIGNED', subject: 'licenseId' },
  { event: licensing.LicenseCheckedIn, action: 'LICENSE_CHECKED_IN', subject: 'licenseId' },
  { event: licensing.TenantTermsChanged, action: 'TENANT_TERMS_CHANGED', subject: 'tenantId' },
  { event: licensing.LicenseSettingsChanged, action: 'LICENSE_SETTINGS_CHANGED', subject: 'tenantId' },
  { event: licensing.SeatsForgotten, action: 'SEAT_LEDGER_GAP', subject: null },
  { event: licensing.DeviceBound, action: 'DEVICE_BOUND', subject: 'licenseId' },
  { event: licensing.DeviceUnbound, action: 'DEVICE_UNBOUND', subject: 'licenseId' },
  { event: licensing.LicenseActivatedOffline, action: 'LICENSE_ACTIVATED_OFFLINE', subject: 'licenseId' },
  { event: DeadLettersRetried, action: 'EVENTS_RETRIED', subject: null },
];
