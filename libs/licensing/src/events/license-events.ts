import { z } from 'zod';
import { defineEvent, idOf } from '#platform';

const licenseId = idOf('lic');
const at = z.iso.datetime({ offset: true });
/** What a layer of terms says, as plans.yaml writes it. */
const terms = z.record(z.string(), z.unknown());

const license = <S extends z.ZodRawShape>(verb: string, shape: S) =>
  defineEvent(`licensing.license.${verb}`, 1, z.strictObject({ licenseId, ...shape }));

/** Its term began, with its first use or validation. */
export const LicenseStarted = license('started', { expiresAt: at.nullable() });
export const LicenseRenewed = license('renewed', { expiresAt: at });
export const LicenseSuspended = license('suspended', { reason: z.string() });
export const LicenseReinstated = license('reinstated', { reason: z.string() });
export const LicenseRevoked = license('revoked', { reason: z.string() });
/** Told to both tenants, each of its own licence; the other's name is nobody's business. */
export const LicenseTransferred = license('transferred', {
  direction: z.enum(['out', 'in']),
  otherLicenseId: licenseId,
});
/** It is what its tenant buys from now on; null: no licence was before it. */
export const LicensePurchaseFollowed = license('purchase_followed', { insteadOf: licenseId.nullable() });
export const LicensePlanChanged = license('plan_changed', { from: z.string(), to: z.string() });
export const LicensePolicyChanged = license('policy_changed', {
  from: idOf('pol').nullable(),
  to: idOf('pol').nullable(),
});
export const LicenseOverridden = license('overridden', { terms, expiresAt: at.nullable() });
export const LicenseOverrideCleared = license('override_cleared', { count: z.int().min(1) });
export const LicenseAssigned = license('assigned', { userId: idOf('usr') });
export const LicenseUnassigned = license('unassigned', { userId: idOf('usr') });
export const LicenseCheckedIn = license('checked_in', {});

/** An operator changed what holds for every licence of a tenant. */
export const TenantTermsChanged = defineEvent(
  'licensing.tenant_terms.changed',
  1,
  z.strictObject({
    tenantId: idOf('ten'),
    /** null: overrides were taken away, not added. */
    terms: terms.nullable(),
    expiresAt: at.nullable(),
  }),
);

/** A tenant chose its heartbeat mode or time zone. */
export const LicenseSettingsChanged = defineEvent(
  'licensing.settings.changed',
  1,
  z.strictObject({ tenantId: idOf('ten'), heartbeatMode: z.string().nullable(), timeZone: z.string() }),
);
