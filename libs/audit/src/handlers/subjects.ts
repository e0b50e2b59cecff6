import { DeadLettersRetried, type EventType, MailSent } from '#platform';
import { SessionEnded, SessionRefreshed, SessionStarted, UserRegistered } from '#identity/events';
import { LicenseIssued } from '#licensing/events';
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
  { event: DeadLettersRetried, action: 'EVENTS_RETRIED', subject: null },
];
