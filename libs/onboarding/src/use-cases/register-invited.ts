import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db, DomainError, newId } from '#platform';
import {
  AddressTaken,
  DisplaceClaimants,
  EmailAddress,
  FindAddressOwner,
  IssueTokens,
  PasswordText,
  policyOf,
  ProveAddress,
  RegisterPasswordUser,
  RegisterUpstreamUser,
  SignIn,
  StartSession,
} from '#identity';
import { AcceptInvitation, InvitationToken, type OpenedInvitation, ReadInvitations } from '#tenancy';
import { mustBeTo } from './invite-people.js';
import type { Registered } from './register.js';

/** Signing up with the token of an invitation in place of an organisation's name. */
export const InvitedInput = z.strictObject({ invitationToken: InvitationToken });
export const PasswordInvitedInput = InvitedInput.extend({ email: EmailAddress, password: PasswordText });

type How = Parameters<StartSession['execute']>[1];
type Proof = Awaited<ReturnType<ProveAddress['byMail']>>;

/**
 * Signs somebody up who was invited. Whoever holds the token reads the mailbox, so the address is proved; they become a
 * member of the organisation that invited them, and no organisation of their own is made.
 */
@Injectable()
export class RegisterInvited {
  constructor(
    private readonly db: Db,
    private readonly signIn: SignIn,
    private readonly readInvitations: ReadInvitations,
    private readonly acceptInvitation: AcceptInvitation,
    private readonly findAddressOwner: FindAddressOwner,
    private readonly registerPasswordUser: RegisterPasswordUser,
    private readonly registerUpstreamUser: RegisterUpstreamUser,
    private readonly proveAddress: ProveAddress,
    private readonly displaceClaimants: DisplaceClaimants,
    private readonly startSession: StartSession,
    private readonly issueTokens: IssueTokens,
  ) {}

  /**
   * By an upstream ID token. Throws the one 401, 401 `MFA_ENROLLMENT_REQUIRED`, 403 `INVITATION_FOR_OTHER_ADDRESS` or
   * `REAUTHENTICATION_REQUIRED`, 409 `ACCOUNT_EXISTS`, 429, 503, and what AcceptInvitation throws.
   */
  async execute(
    actor: Actor,
    idToken: string,
    { invitationToken }: z.output<typeof InvitedInput>,
  ): Promise<Registered> {
    const vouched = await this.signIn.vouched(actor, idToken);
    const opened = await this.open(actor, invitationToken, vouched.email);
    const { scoped } = opened;
    const person = { ...vouched, emailVerified: true };
    await this.registerPasswordUser.admit(actor, { ...person, byPassword: false, invited: true });
    const prepared = await this.registerUpstreamUser.prepare(person);
    const user = scoped.as({ type: 'user', id: newId('usr') });
    const registered = await this.db
      .transaction(user, async () => {
        const made = await this.registerUpstreamUser.execute(prepared);
        if (!made) throw accountExists();
        await this.acceptInvitation.execute(invitationToken);
        return made;
      })
      .catch((error: unknown) => {
        throw error instanceof AddressTaken ? accountExists() : error;
      });
    await this.displaceClaimants.execute(user, registered.displaced);
    return this.start(user, opened, { ...prepared.how, isSignUp: true });
  }

  /**
   * By address and password. Throws 401 `MFA_ENROLLMENT_REQUIRED`, 403 `INVITATION_FOR_OTHER_ADDRESS`, 409
   * `ACCOUNT_EXISTS`, 422 `PASSWORD_TOO_WEAK`, 429, 503 `BUSY`, and what AcceptInvitation throws.
   */
  async withPassword(actor: Actor, input: z.output<typeof PasswordInvitedInput>): Promise<Registered> {
    const { email, password, invitationToken } = input;
    const opened = await this.open(actor, invitationToken, email);
    const { scoped, tenant } = opened;
    await this.registerPasswordUser.admit(actor, {
      ...{ email, emailVerified: true, byPassword: true },
      invited: true,
    });
    const user = scoped.as({ type: 'user', id: newId('usr') });
    const wish = { email, password, organizationName: tenant.name };
    // The mail that would ask for a proof has been read.
    const prepared = { ...(await this.registerPasswordUser.prepare(user.id ?? '', wish)), mails: false };
    const proof = await this.db.transaction(user, async () => {
      await this.registerPasswordUser.execute(prepared);
      const proved: Proof = await this.proveAddress.byMail(email);
      if (!proved) throw accountExists();
      await this.acceptInvitation.execute(invitationToken);
      return proved;
    });
    await this.proveAddress.settle(user, proof);
    const { addressHash } = prepared;
    return this.start(user, opened, { provider: 'password', amr: ['pwd'], addressHash, isSignUp: true });
  }

  /** Throws 403 `INVITATION_FOR_OTHER_ADDRESS`, 409 `ACCOUNT_EXISTS`, 410 `INVITATION_GONE`. */
  private async open(actor: Actor, token: string, email: string): Promise<OpenedInvitation> {
    const opened = await this.readInvitations.open(actor, token);
    mustBeTo(opened, email);
    if (await this.findAddressOwner.execute(actor, opened.invitation.email)) throw accountExists();
    return opened;
  }

  /** Behind the transaction: the organisation may ask for a second factor first, and the account stands nevertheless. */
  private async start(user: Actor, { tenant }: OpenedInvitation, how: How): Promise<Registered> {
    const { session, refreshToken } = await this.startSession.execute(user, how, policyOf(tenant));
    const profile = await this.issueTokens.profile(user);
    const tokens = await this.issueTokens.tokens(profile, session, refreshToken);
    return { ...profile, tokens, licenseKey: null };
  }
}

/** Told only to who holds the token: they read the mailbox. */
const accountExists = () =>
  new DomainError('conflict', 'ACCOUNT_EXISTS', 'The address has an account: sign in, then accept.');
