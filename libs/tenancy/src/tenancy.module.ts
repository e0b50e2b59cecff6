import { Module } from '@nestjs/common';
import { Membership } from './domain/membership.js';
import { Tenant } from './domain/tenant.js';
import { Memberships } from './persistence/memberships.js';
import { Tenants } from './persistence/tenants.js';
import { ChangeTenantStatus } from './use-cases/change-tenant-status.js';
import { DescribeMembership } from './use-cases/describe-membership.js';
import { RegisterTenant } from './use-cases/register-tenant.js';

export const TENANCY_ENTITIES = [Tenant, Membership];

@Module({
  providers: [Tenants, Memberships, RegisterTenant, DescribeMembership, ChangeTenantStatus],
  exports: [RegisterTenant, DescribeMembership, ChangeTenantStatus],
})
export class TenancyModule {}
