import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db, DomainError } from '#platform';
import {
  AddressHash,
  Budgets,
  EmailAddress,
  FindAddressOwner,
  MailBudget,
  ReadPeople,
  RequireStepUp,
  tooMany,
} from '#identity';
import { AcceptInvitation, Invite, type OpenedInvitation, ReadInvitations, RoleName } from '#tenancy';
import { OnboardingLimits } from '../onboarding.config.js';

export const InviteInput = z.strictObject({ email: EmailAddress, role: RoleName });

const HOUR = 3_600;

type Invitation = Awaited<ReturnType<Invite['execute']>>;
type Membership = Awaited<ReturnType<AcceptInvitation['execute']>>;

/** What whoever holds a token is told before they say yes. */
export interface Preview extends OpenedInvitation {
  /** What the one who sent it is called; null when they have not said. */
  inviterName: string | null;
  /** Whether the address is an account's: sign in to that, or sign up. */
  hasAccount: boolean;
}

/** Invitations from both ends: whoever sends them, and whoever holds the token of a mail. */
@Injectable()
export class InvitePeople {
  constructor(
    private readonly db: Db,
    private readonly limits: OnboardingLimits,
    private readonly budgets: Budgets,
    private readonly mailBudget: MailBudget,
    private readonly addressHash: AddressHash,
    private readonly findAddressOwner: FindAddressOwner,
    private readonly readPeople: ReadPeople,
    private readonly invite: Invite,
    private readonly readInvitations: ReadInvitations,
    private readonly acceptInvitation: AcceptInvitation,
    private readonly requireStepUp: RequireStepUp,
  ) {}

  /** Throws like Invite.execute, 403 `REAUTHENTICATION_REQUIRED` where it is to an owner's role, and 429 `RATE_LIMITED`. */
  async send(actor: Actor, { email, role }: z.output<typeof InviteInput>): Promise<Invitation> {
    actor.must('members:invite');
    if (role === 'owner') await this.requireStepUp.execute(actor);
    await this.spend(actor, email);
    const ownerUserId = await this.findAddressOwner.execute(actor, email);
    return this.db.transaction(actor, () => this.invite.execute(actor, { email, role, ownerUserId }));
  }

  /** Throws like Invite.resend, and 429 `RATE_LIMITED`. */
  async resend(actor: Actor, invitationId: string): Promise<Invitation> {
    actor.must('members:invite');
    const sent = await this.db.transaction(actor, async () => {
      const invitation = await this.invite.resend(actor, invitationId);
      await this.spend(actor, invitation.email);
      return invitation;
    });
    return sent;
  }

  /** Throws 410 `INVITATION_GONE`. */
  async preview(actor: Actor, token: string): Promise<Preview> {
    const opened = await this.readInvitations.open(actor, token);
    const { invitation, scoped } = opened;
    const [people, owner] = await Promise.all([
      this.readPeople.execute(scoped, [invitation.invitedBy]),
      this.findAddressOwner.execute(scoped, invitation.email),
    ]);
    const inviterName = people.get(invitation.invitedBy)?.displayName ?? null;
    return { ...opened, inviterName, hasAccount: owner !== null };
  }

  /** Whoever holds the token says no. Throws 403 `TENANT_SUSPENDED`, 410 `INVITATION_GONE`. */
  async decline(actor: Actor, token: string): Promise<void> {
    const { scoped } = await this.readInvitations.open(actor, token);
    await this.db.transaction(scoped, () => this.acceptInvitation.decline(token));
  }

  /**
   * Of a person who is signed in, wherever. Throws like AcceptInvitation.execute, and 403 `INVITATION_FOR_OTHER_ADDRESS` or
   * `EMAIL_NOT_VERIFIED`.
   */
  async accept(actor: Actor, token: string): Promise<OpenedInvitation & { membership: Membership }> {
    const opened = await this.readInvitations.open(actor, token);
    const userId = actor.id ?? '';
    const person = (await this.readPeople.execute(opened.scoped, [userId])).get(userId);
    mustBeTo(opened, person?.email);
    if (!person?.emailVerified)
      throw new DomainError('forbidden', 'EMAIL_NOT_VERIFIED', 'Verify your e-mail address first.');
    const membership = await this.db.transaction(opened.scoped, () => this.acceptInvitation.execute(token));
    return { ...opened, membership };
  }

  /** Mails to strangers are what an invitation costs. Throws 429 `RATE_LIMITED`. */
  private async spend(actor: Actor, email: string): Promise<void> {
    const key = actor.tenantId ?? '';
    const waitMs = await this.budgets.take('invitations', key, this.limits.invitations, HOUR);
    if (waitMs > 0) throw tooMany(waitMs);
    const mailboxMs = await this.mailBudget.to(this.addressHash.of(email));
    if (mailboxMs > 0) throw tooMany(mailboxMs);
  }
}

/** Throws 403 `INVITATION_FOR_OTHER_ADDRESS`. */
export function mustBeTo({ invitation }: OpenedInvitation, email: string | undefined): void {
  if (email?.toLowerCase() === invitation.email) return;
  throw new DomainError(
    'forbidden',
    'INVITATION_FOR_OTHER_ADDRESS',
    'The invitation is to another address than the account has.',
  );
}
