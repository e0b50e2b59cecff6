import type { LeaseMode, LicenseType } from '#sdk/formats';
import type { LicenseStatus } from '../domain/license.js';
import { type Purchase, termsBy } from '../domain/purchase.js';
import { type Layers, type Override, type Terms, termsAt, type TermsPatch } from '../domain/terms.js';

/** A licence as it is read, with the terms that hold for it; the key only masked. */
export interface LicenseRow {
  tenantId: string;
  id: string;
  tier: LicenseType;
  status: LicenseStatus;
  statusAt: Date | null;
  statusReason: string | null;
  productId: string | null;
  productCode: string | null;
  productName: string | null;
  policyId: string | null;
  policyCode: string | null;
  policyName: string | null;
  name: string | null;
  metadata: Record<string, string>;
  overrides: Override[];
  keyMasked: string;
  tenantSuspended: boolean;
  purchase: Purchase | null;
  unprovedHolder: string | null;
  startedAt: Date | null;
  checkedInAt: Date | null;
  transferredFrom: string | null;
  transferredTo: string | null;
  expiresAt: Date | null;
  createdAt: Date;
  revision: number;
  devices: string[];
  users: string[];
  layers: Layers;
  terms: Terms;
  timeZone: string;
  tenantRevision: number;
  catalogueRevision: number;
}

/** What the statement below gives: a licence and the layers of its terms, in one round trip. */
export interface RawLicense extends Omit<LicenseRow, 'layers' | 'terms'> {
  planTerms: TermsPatch | null;
  policyTerms: TermsPatch | null;
  tenantOverrides: Override[];
  tenantMode: LeaseMode | null;
  flags: Record<string, string[]>;
}

/** Followed by a `where` on l, of which tenant_id must be a part. */
export const SELECT_LICENSE = `
  select l.tenant_id as "tenantId", l.id, l.tier, l.status, l.status_at as "statusAt", l.status_reason as "statusReason",
    l.product_id as "productId", r.code as "productCode", r.name as "productName", l.policy_id as "policyId",
    o.code as "policyCode", o.name as "policyName", l.name, l.metadata, l.overrides,
    l.key_masked as "keyMasked", l.tenant_suspended as "tenantSuspended",
    l.purchase, l.unproved_holder as "unprovedHolder", l.started_at as "startedAt",
    l.checked_in_at as "checkedInAt", l.transferred_from as "transferredFrom",
    l.transferred_to as "transferredTo", l.expires_at as "expiresAt", l.created_at as "createdAt", l.revision,
    array(select d.device from licensing.devices d
      where d.tenant_id = l.tenant_id and d.license_id = l.id) as devices,
    array(select u.user_id from licensing.license_users u
      where u.tenant_id = l.tenant_id and u.license_id = l.id) as users,
    p.terms as "planTerms", o.terms as "policyTerms", coalesce(t.overrides, '[]') as "tenantOverrides",
    t.heartbeat_mode as "tenantMode", coalesce(t.time_zone, 'UTC') as "timeZone",
    coalesce(t.revision, 0) as "tenantRevision", c.flags, c.revision as "catalogueRevision"
  from licensing.licenses l
  cross join licensing.catalogue c
  left join licensing.plans p on p.tier = l.tier
  left join licensing.products r on r.id = l.product_id
  left join licensing.policies o on o.id = l.policy_id
  left join licensing.tenant_terms t on t.tenant_id = l.tenant_id`;

export function licenseRow(raw: RawLicense, now: Date): LicenseRow {
  const { planTerms, policyTerms, tenantOverrides, tenantMode, flags, ...own } = raw;
  const layers: Layers = {
    plan: planTerms ?? {},
    policy: policyTerms,
    purchase: termsBy(own.purchase),
    tenant: tenantOverrides,
    license: own.overrides,
    tenantMode,
    flags,
  };
  return { ...own, layers, terms: termsAt(layers, now) };
}
