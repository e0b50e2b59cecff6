import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db, DomainError, newId } from '#platform';
import { Budgets, FinishSignIn, MfaToken, policyOf, tooMany } from '#identity';
import { IssueLicense } from '#licensing';
import {
  AcceptInvitation,
  InvitationToken,
  OrganizationName,
  ReadInvitations,
  RegisterTenant,
} from '#tenancy';
import { OnboardingLimits } from '../onboarding.config.js';
import { mustBeTo } from './invite-people.js';
import type { Registered } from './register.js';

/** Of a sign-in that was answered 403 `NO_ORGANIZATION`. */
const Shown = z.strictObject({ mfaToken: MfaToken });
export const FoundInput = Shown.extend({ organizationName: OrganizationName });
export const RejoinInput = Shown.extend({ invitationToken: InvitationToken });

type Unplaced = Awaited<ReturnType<FinishSignIn['open']>>;

const HOUR = 3_600;

/**
 * For who has an account and is in no organisation any more: put out, left, or the organisation was deleted. They make
 * one or take an invitation, in one transaction, and are signed in.
 */
@Injectable()
export class ComeBack {
  constructor(
    private readonly db: Db,
    private readonly limits: OnboardingLimits,
    private readonly budgets: Budgets,
    private readonly finishSignIn: FinishSignIn,
    private readonly registerTenant: RegisterTenant,
    private readonly issueLicense: IssueLicense,
    private readonly readInvitations: ReadInvitations,
    private readonly acceptInvitation: AcceptInvitation,
  ) {}

  /** Throws the one 401, 403 `ACCOUNT_SUSPENDED`, 429 `RATE_LIMITED`, 503. */
  async found(
    actor: Actor,
    { mfaToken, organizationName: name }: z.output<typeof FoundInput>,
  ): Promise<Registered> {
    const unplaced = await this.finishSignIn.open(actor, mfaToken);
    const { id: ownerUserId, emailVerified } = unplaced.user;
    const waitMs = await this.budgets.take('organizations', ownerUserId, this.limits.organizations, HOUR);
    if (waitMs > 0) throw tooMany(waitMs);
    const here = unplaced.person.as({ tenantId: newId('ten') });
    const key = await this.db.transaction(here, async () => {
      await this.registerTenant.execute({ name, ownerUserId, isFurther: true });
      const issued = await this.issueLicense.execute({
        issuedToUserId: ownerUserId,
        isProved: emailVerified,
      });
      await this.finishSignIn.spend(unplaced);
      return issued.key;
    });
    return this.start(here, unplaced, { status: 'active', secondFactorRequired: false }, key);
  }

  /**
   * Throws the one 401, 401 `MFA_ENROLLMENT_REQUIRED`, 403 `INVITATION_FOR_OTHER_ADDRESS`, `EMAIL_NOT_VERIFIED` or
   * `ACCOUNT_SUSPENDED`, 503, and what AcceptInvitation throws.
   */
  async rejoin(
    actor: Actor,
    { mfaToken, invitationToken }: z.output<typeof RejoinInput>,
  ): Promise<Registered> {
    const unplaced = await this.finishSignIn.open(actor, mfaToken);
    const opened = await this.readInvitations.open(unplaced.person, invitationToken);
    mustBeTo(opened, unplaced.user.email);
    if (!unplaced.user.emailVerified)
      throw new DomainError('forbidden', 'EMAIL_NOT_VERIFIED', 'Verify your e-mail address first.');
    await this.db.transaction(opened.scoped, async () => {
      await this.acceptInvitation.execute(invitationToken);
      await this.finishSignIn.spend(unplaced);
    });
    return this.start(opened.scoped, unplaced, opened.tenant, null);
  }

  /** Behind the transaction: an organisation may ask for a second factor first, and they are in it nevertheless. */
  private async start(
    here: Actor,
    unplaced: Unplaced,
    tenant: Parameters<typeof policyOf>[0],
    licenseKey: string | null,
  ): Promise<Registered> {
    return { ...(await this.finishSignIn.start(here, unplaced, policyOf(tenant))), licenseKey };
  }
}
