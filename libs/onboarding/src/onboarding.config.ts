import { Injectable } from '@nestjs/common';
import { amount, amountDoc, amountsIn, configOf, RuntimeConfig, setting } from '#platform';

/** What costs others something, counted by the hour. */
export class OnboardingConfig extends configOf('onboarding', {
  invitations: setting(
    'INVITATION_QUOTA',
    amount(),
    amountDoc('Invitations that one organisation sends an hour, those sent again included', 100),
  ),
  organizations: setting(
    'ORGANIZATION_QUOTA',
    amount(),
    amountDoc('Organisations that one person makes an hour, besides the one they signed up with', 5),
  ),
}) {}

/** The amounts in force: what is set, else what the environment (`ENV`) stands for. */
@Injectable()
export class OnboardingLimits {
  readonly invitations: number;
  readonly organizations: number;

  constructor(config: OnboardingConfig, runtime: RuntimeConfig) {
    const inForce = amountsIn(runtime);
    this.invitations = inForce(config.invitations, 100);
    this.organizations = inForce(config.organizations, 5);
  }
}
