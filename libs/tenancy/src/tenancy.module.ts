import { Module } from '@nestjs/common';
import { Membership } from './domain/membership.js';
import { Tenant } from './domain/tenant.js';
import { Memberships } from './persistence/memberships.js';
import { Tenants } from './persistence/tenants.js';
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

@Module({ providers: [Tenants, Memberships, ...USE_CASES], exports: USE_CASES })
export class TenancyModule {}
