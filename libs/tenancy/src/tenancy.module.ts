import { Module } from '@nestjs/common';
import { ClosedTenants } from '#platform';
import { LicensingModule } from '#licensing';
import { Authority } from './authority.js';
import { CustomRole } from './domain/custom-role.js';
import { Invitation } from './domain/invitation.js';
import { Membership } from './domain/membership.js';
import { Tenant } from './domain/tenant.js';
import { FollowLicense } from './handlers/follow-license.js';
import { PlanUpkeep } from './handlers/plan-upkeep.js';
import { ForgetMember } from './handlers/forget-member.js';
import { InvitationsController } from './http/invitations.controller.js';
import { RolesController } from './http/roles.controller.js';
import { TenantController } from './http/tenant.controller.js';
import { InvitationTokens } from './invitations/invitation-token.js';
import { Headcounts } from './persistence/headcount.js';
import { Invitations } from './persistence/invitations.js';
import { Memberships } from './persistence/memberships.js';
import { RemovedMembers } from './persistence/removed-members.js';
import { Roles } from './persistence/roles.js';
import { StatusChanges } from './persistence/status-changes.js';
import { Tenants } from './persistence/tenants.js';
import { SuspendedTenants } from './suspensions/suspended-tenants.js';
import { SuspensionWatch } from './suspensions/suspension-watch.js';
import { AcceptInvitation } from './use-cases/accept-invitation.js';
import { AddMember } from './use-cases/add-member.js';
import { ChangeMembership } from './use-cases/change-membership.js';
import { ChangeSignInPolicy } from './use-cases/change-sign-in-policy.js';
import { ChangeTenantStatus } from './use-cases/change-tenant-status.js';
import { ChangeTenant } from './use-cases/change-tenant.js';
import { ChooseSettings } from './use-cases/choose-settings.js';
import { DescribeOwners } from './use-cases/describe-owners.js';
import { DescribePayers } from './use-cases/describe-payers.js';
import { DescribeMembership } from './use-cases/describe-membership.js';
import { DescribeTenant } from './use-cases/describe-tenant.js';
import { FollowPlan } from './use-cases/follow-plan.js';
import { FindTenant } from './use-cases/find-tenant.js';
import { Invite } from './use-cases/invite.js';
import { JoinByDomain } from './use-cases/join-by-domain.js';
import { LeaveAll } from './use-cases/leave-all.js';
import { ListMembers } from './use-cases/list-members.js';
import { ListOrganizations } from './use-cases/list-organizations.js';
import { ListTenants } from './use-cases/list-tenants.js';
import { LookAtTenant } from './use-cases/look-at-tenant.js';
import { ManageRoles } from './use-cases/manage-roles.js';
import { ReadInvitations } from './use-cases/read-invitations.js';
import { ReadMembers } from './use-cases/read-members.js';
import { RegisterTenant } from './use-cases/register-tenant.js';

export const TENANCY_ENTITIES = [Tenant, Membership, CustomRole, Invitation];

const PERSISTENCE = [Tenants, Memberships, Roles, Invitations, Headcounts, RemovedMembers, Authority];

const USE_CASES = [
  RegisterTenant,
  AddMember,
  DescribeMembership,
  DescribeOwners,
  DescribePayers,
  DescribeTenant,
  ListTenants,
  ListMembers,
  ListOrganizations,
  ReadMembers,
  ChangeTenant,
  ChangeTenantStatus,
  ChangeSignInPolicy,
  ChangeMembership,
  LeaveAll,
  ChooseSettings,
  ManageRoles,
  JoinByDomain,
  FindTenant,
  LookAtTenant,
];

@Module({
  providers: [...PERSISTENCE, SuspendedTenants, ...USE_CASES],
  exports: [SuspendedTenants, ...USE_CASES],
})
export class TenancyModule {}

const INVITING = [Invite, ReadInvitations, AcceptInvitation];

/** Invitations: for the processes that are given InvitationsConfig. */
@Module({ providers: [...PERSISTENCE, InvitationTokens, ...INVITING], exports: INVITING })
export class InvitationsModule {}

/** What people call; what spans contexts is onboarding's. */
@Module({
  imports: [TenancyModule, InvitationsModule],
  controllers: [TenantController, RolesController, InvitationsController],
})
export class TenancyHttpModule {}

/** What a process that serves keeps up to date by itself; commands do without. */
@Module({ imports: [TenancyModule], providers: [ClosedTenants, StatusChanges, SuspensionWatch] })
export class TenancyWatchModule {}

/** The reactions, for the worker. */
@Module({
  imports: [TenancyModule, LicensingModule],
  providers: [Tenants, FollowPlan, FollowLicense, PlanUpkeep, ForgetMember, RemovedMembers],
})
export class TenancyWorkerModule {}
