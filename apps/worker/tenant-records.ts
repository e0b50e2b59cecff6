import { PLATFORM_RECORDS, type TenantRecord } from '#platform';
import { TENANT_RECORDS as AUDIT } from '#audit';
import { TENANT_RECORDS as BILLING } from '#billing';
import { TENANT_RECORDS as IDENTITY } from '#identity';
import { TENANT_RECORDS as LICENSING } from '#licensing';
import { TENANT_RECORDS as TENANCY } from '#tenancy';

/** What every context says of its tenants' rows: what an export holds, and what is erased with a tenant. */
export const TENANT_RECORDS: readonly TenantRecord[] = [
  ...TENANCY,
  ...IDENTITY,
  ...LICENSING,
  ...BILLING,
  ...AUDIT,
  ...PLATFORM_RECORDS,
];
