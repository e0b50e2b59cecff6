import { DeadLettersRetried, type EventType, MailSent } from '#platform';
import { SessionEnded, SessionRefreshed, SessionStarted, UserRegistered } from '#identity/events';
import {
  DeviceBound,
  DeviceUnbound,
  LicenseActivatedOffline,
  LicenseIssued,
  SeatsForgotten,
} from '#licensing/events';
import * as licensing from '#licensing/events';
import { MembershipCreated, TenantReactivated, TenantRegistered, TenantSuspended } from '#tenancy/events';

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
  { event: MembershipCreated, action: 'MEMBERSHIP_CREATED', subject: 'membershipId' },
  { event: UserRegistered, action: 'USER_REGISTERED', subject: 'userId' },
  { event: SessionStarted, action: 'SESSION_STARTED', subject: 'sessionId' },
  { event: SessionRefreshed, action: 'SESSION_REFRESHED', subject: 'sessionId' },
  { event: SessionEnded, action: 'SESSION_REVOKED', subject: 'sessionId' },
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
