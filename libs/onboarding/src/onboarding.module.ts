import { Module } from '@nestjs/common';
import { BillingContactsModule, TrialModule } from '#billing';
import { IdentityContactModule, IdentityModule } from '#identity';
import { LicensingModule } from '#licensing';
import { InvitationsModule, TenancyModule } from '#tenancy';
import { SendBillingMail } from './handlers/send-billing-mail.js';
import { SendInvitation } from './handlers/send-invitation.js';
import { SendTenantMail } from './handlers/send-tenant-mail.js';
import { SendWelcomeMail } from './handlers/send-welcome-mail.js';
import { TakeSeatsOfDemoted } from './handlers/take-seats-of-demoted.js';
import { TakeSeatsOfFormer } from './handlers/take-seats-of-former.js';
import { AccountController } from './http/account.controller.js';
import { InvitePeopleController } from './http/invitations.controller.js';
import { MembersController } from './http/members.controller.js';
import { OrganizationsController } from './http/organizations.controller.js';
import { RegisterController } from './http/register.controller.js';
import { RoleScopesController } from './http/role-scopes.controller.js';
import { SettingsController } from './http/settings.controller.js';
import { OnboardingLimits } from './onboarding.config.js';
import { ComeBack } from './use-cases/come-back.js';
import { ImportPeople } from './use-cases/import-people.js';
import { InvitePeople } from './use-cases/invite-people.js';
import { MakePerson } from './use-cases/make-person.js';
import { ManageMembers } from './use-cases/manage-members.js';
import { ManageSettings } from './use-cases/manage-settings.js';
import { OwnOrganizations } from './use-cases/own-organizations.js';
import { RegisterInvited } from './use-cases/register-invited.js';
import { Register } from './use-cases/register.js';

@Module({
  imports: [IdentityModule, TenancyModule, InvitationsModule, LicensingModule, TrialModule],
  controllers: [
    RegisterController,
    AccountController,
    MembersController,
    RoleScopesController,
    InvitePeopleController,
    OrganizationsController,
    SettingsController,
  ],
  providers: [
    OnboardingLimits,
    Register,
    RegisterInvited,
    ComeBack,
    InvitePeople,
    ManageMembers,
    OwnOrganizations,
    ManageSettings,
  ],
  exports: [
    Register,
    RegisterInvited,
    ComeBack,
    InvitePeople,
    ManageMembers,
    OwnOrganizations,
    ManageSettings,
  ],
})
export class OnboardingModule {}

/** What operators do, besides. */
@Module({
  imports: [IdentityModule, TenancyModule, LicensingModule],
  providers: [MakePerson, ImportPeople],
  exports: [MakePerson, ImportPeople],
})
export class OnboardingOperatorsModule {}

/** The reactions, for the worker. */
@Module({
  imports: [IdentityContactModule, LicensingModule, TenancyModule, InvitationsModule, BillingContactsModule],
  providers: [
    SendWelcomeMail,
    SendInvitation,
    SendTenantMail,
    SendBillingMail,
    TakeSeatsOfDemoted,
    TakeSeatsOfFormer,
  ],
})
export class OnboardingWorkerModule {}
