export { scopesUnder } from './domain/permissions.js';
export { type Role, RoleName, ROLES } from './domain/role.js';
export { Slug } from './domain/slug.js';
export { INVITATION_EXAMPLE, InvitationView, invitationView } from './http/invitations.view.js';
export { ROLE_EXAMPLE, RoleView } from './http/roles.view.js';
export { InvitationToken } from './invitations/invitation-token.js';
export { SuspendedTenants } from './suspensions/suspended-tenants.js';
export { InvitationsConfig } from './tenancy.config.js';
export {
  InvitationsModule,
  TENANCY_ENTITIES,
  TenancyHttpModule,
  TenancyModule,
  TenancyWatchModule,
  TenancyWorkerModule,
} from './tenancy.module.js';
export { AcceptInvitation } from './use-cases/accept-invitation.js';
export { DeletionConfig } from './deletion/deletion.config.js';
export { ExportsConfig } from './exports/exports.config.js';
export { TenancyLifeModule, TenancyLifeWorkerModule } from './tenancy-life.modules.js';
export { AddMember } from './use-cases/add-member.js';
export { ChangeMemberInput, ChangeMembership, MemberParams } from './use-cases/change-membership.js';
export { ChangeSignInPolicy, ChangeSignInPolicyInput } from './use-cases/change-sign-in-policy.js';
export { ChangeTenantStatus, ChangeTenantStatusInput } from './use-cases/change-tenant-status.js';
export { OrganizationName } from './use-cases/change-tenant.js';
export { ChooseSettings, type TenantSettings, TenantSettingsInput } from './use-cases/choose-settings.js';
export { DescribeMembership, type MembershipDescription } from './use-cases/describe-membership.js';
export { DescribePayers } from './use-cases/describe-payers.js';
export { DescribeOwners } from './use-cases/describe-owners.js';
export { DescribeTenant, type TenantStanding } from './use-cases/describe-tenant.js';
export { FindTenant } from './use-cases/find-tenant.js';
export { InvitationParams, Invite } from './use-cases/invite.js';
export { JoinByDomain, noWayIn } from './use-cases/join-by-domain.js';
export { LeaveAll, type Leaving } from './use-cases/leave-all.js';
export { ListMembers } from './use-cases/list-members.js';
export { ListOrganizations, OrganizationsPage } from './use-cases/list-organizations.js';
export { ListTenants } from './use-cases/list-tenants.js';
export { LookAtTenant, TenantId } from './use-cases/look-at-tenant.js';
export { ChangeRoleScopesInput, ManageRoles, RoleParams } from './use-cases/manage-roles.js';
export { MembersPage, ReadMembers } from './use-cases/read-members.js';
export { type OpenedInvitation, ReadInvitations } from './use-cases/read-invitations.js';
export { RegisterTenant } from './use-cases/register-tenant.js';
export { TENANT_RECORDS } from './tenant-records.js';
