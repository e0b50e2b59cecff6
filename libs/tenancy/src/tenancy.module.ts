import { Module } from '@nestjs/common';
import { Membership } from './domain/membership.js';
import { Tenant } from './domain/tenant.js';
import { Memberships } from './persistence/memberships.js';
import { StatusChanges } from './persistence/status-changes.js';
import { Tenants } from './persistence/tenants.js';
import { SuspendedTenants } from './suspensions/suspended-tenants.js';
import { SuspensionWatch } from './suspensions/suspension-watch.js';
import { AddMember } from './use-cases/add-member.js';
import { ChangeSignInPolicy } from './use-cases/change-sign-in-policy.js';
import { ChangeTenantStatus } from './use-cases/change-tenant-status.js';
import { DescribeMembership } from './use-cases/describe-membership.js';
import { DescribeTenant } from './use-cases/describe-tenant.js';
import { ListMembers } from './use-cases/list-members.js';
import { ListTenants } from './use-cases/list-tenants.js';
import { RegisterTenant } from './use-cases/register-tenant.js';

export const TENANCY_ENTITIES = [Tenant, Membership];

const USE_CASES = [
  RegisterTenant,
  AddMember,
  DescribeMembership,
  DescribeTenant,
  ListTenants,
  ListMembers,
  ChangeTenantStatus,
  ChangeSignInPolicy,
];

@Module({
  providers: [Tenants, Memberships, SuspendedTenants, ...USE_CASES],
  exports: [SuspendedTenants, ...USE_CASES],
})
export class TenancyModule {}

/** What a process that serves keeps up to date by itself; commands do without. */
@Module({ imports: [TenancyModule], providers: [StatusChanges, SuspensionWatch] })
export class TenancyWatchModule {}
