import { Module } from '@nestjs/common';
import { IdentityContactModule, IdentityModule } from '#identity';
import { LicensingModule } from '#licensing';
import { TenancyModule } from '#tenancy';
import { SendWelcomeMail } from './handlers/send-welcome-mail.js';
import { RegisterController } from './http/register.controller.js';
import { Register } from './use-cases/register.js';

@Module({
  imports: [IdentityModule, TenancyModule, LicensingModule],
  controllers: [RegisterController],
  providers: [Register],
})
export class OnboardingModule {}

/** The reactions, for the worker. */
@Module({ imports: [IdentityContactModule, LicensingModule], providers: [SendWelcomeMail] })
export class OnboardingWorkerModule {}
