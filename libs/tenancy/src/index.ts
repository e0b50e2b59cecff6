export type { Role } from './domain/role.js';
export { TENANCY_ENTITIES, TenancyModule } from './tenancy.module.js';
export { ChangeTenantStatus, ChangeTenantStatusInput } from './use-cases/change-tenant-status.js';
export { DescribeMembership, type MembershipDescription } from './use-cases/describe-membership.js';
export { RegisterTenant } from './use-cases/register-tenant.js';
