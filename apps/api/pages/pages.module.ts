import { Module } from '@nestjs/common';
import { ErrorPages } from '#platform';
import { IdentityModule } from '#identity';
import { OnboardingModule } from '#onboarding';
import { TenancyModule } from '#tenancy';
import { AccountController } from './account/account.controller.js';
import { MailLinksController } from './account/mail-links.controller.js';
import { ResetController } from './account/reset.controller.js';
import { AssetsController } from './assets.controller.js';
import { FormTokens } from './form-tokens.js';
import { PageErrors } from './page-errors.js';
import { HeldInvitations } from './invitations/held-invitation.js';
import { InviteController } from './invitations/invite.controller.js';
import { SignUpInvitedController } from './invitations/sign-up-invited.controller.js';
import { Organizations } from './organizations.js';
import { Pages } from './pages.js';
import { ConsentController } from './programs/consent.controller.js';
import { DeviceController } from './programs/device.controller.js';
import { Entrance } from './sign-in/entrance.js';
import { LoginController } from './sign-in/login.controller.js';
import { OrganizationController } from './sign-in/organization.controller.js';
import { ProviderController } from './sign-in/provider.controller.js';
import { SecondFactorController } from './sign-in/second-factor.controller.js';
import { SignUpController } from './sign-in/sign-up.controller.js';
import { Visitors } from './visitors.js';
import { WaysController } from './ways.controller.js';

/** The hosted pages: HTML in front of the same use cases that the API is in front of. */
@Module({
  imports: [IdentityModule, OnboardingModule, TenancyModule],
  controllers: [
    AssetsController,
    LoginController,
    SecondFactorController,
    OrganizationController,
    ProviderController,
    SignUpController,
    AccountController,
    MailLinksController,
    ResetController,
    DeviceController,
    ConsentController,
    InviteController,
    SignUpInvitedController,
    WaysController,
  ],
  providers: [
    FormTokens,
    Visitors,
    Pages,
    Entrance,
    Organizations,
    HeldInvitations,
    { provide: ErrorPages, useClass: PageErrors },
  ],
})
export class PagesModule {}
