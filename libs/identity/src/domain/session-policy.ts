import { DomainError } from '#platform';

/** What the tenant that a session is for asks, as tenancy says. */
export interface SessionPolicy {
  tenantStatus: string;
  /** Whether everybody there shows a second factor. */
  requiresSecondFactor: boolean;
}

/** How a person stands. */
export interface Standing {
  /** By an operator. */
  isSuspended: boolean;
  /** Whether they have an authenticator that is confirmed. */
  hasSecondFactor: boolean;
}

/** `second_factor`: it is owed. `enrollment`: there is none, and the tenant asks for one. */
export type SessionRefusal = 'tenant_suspended' | 'person_suspended' | 'second_factor' | 'enrollment';

/** For who has no factor and is nobody's problem yet: an account that is being made. */
export const NEW_PERSON: Standing = { isSuspended: false, hasSecondFactor: false };

/** What nobody's tenant asks. */
export const NO_TENANT: SessionPolicy = { tenantStatus: 'active', requiresSecondFactor: false };

/** What stands against a session of this person that was, or is to be, made by `amr`; null for nothing. Pure. */
export function refusalOf(
  policy: SessionPolicy,
  person: Standing,
  amr: readonly string[],
): SessionRefusal | null {
  if (policy.tenantStatus === 'suspended') return 'tenant_suspended';
  if (person.isSuspended) return 'person_suspended';
  if (amr.includes('mfa')) return null;
  if (person.hasSecondFactor) return 'second_factor';
  return policy.requiresSecondFactor ? 'enrollment' : null;
}

/** What tenancy says of a tenant, as policy. */
export const policyOf = (tenant: { status: string; secondFactorRequired: boolean }): SessionPolicy => ({
  tenantStatus: tenant.status,
  requiresSecondFactor: tenant.secondFactorRequired,
});

export const tenantSuspended = (): DomainError =>
  new DomainError('forbidden', 'TENANT_SUSPENDED', 'The organisation is suspended.');

export const accountSuspended = (): DomainError =>
  new DomainError('forbidden', 'ACCOUNT_SUSPENDED', 'The account is suspended.');
