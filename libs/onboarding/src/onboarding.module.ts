import { Module } from '@nestjs/common';
import { IdentityContactModule, IdentityModule } from '#identity';
import { LicensingModule } from '#licensing';
import { TenancyModule } from '#tenancy';
import { SendTenantMail } from './handlers/send-tenant-mail.js';
import { SendWelcomeMail } from './handlers/send-welcome-mail.js';
import { RegisterController } from './http/register.controller.js';
import { ImportPeople } from './use-cases/import-people.js';
import { MakePerson } from './use-cases/make-person.js';
import { Register } from './use-cases/register.js';

@Module({
  imports: [IdentityModule, TenancyModule, LicensingModule],
  controllers: [RegisterController],
  providers: [Register],
  exports: [Register],
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
  imports: [IdentityContactModule, LicensingModule, TenancyModule],
  providers: [SendWelcomeMail, SendTenantMail],
})
export class OnboardingWorkerModule {}
