import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db, newId } from '#platform';
import { ChooseTrial } from '#billing';
import {
  AddressTaken,
  DisplaceClaimants,
  EmailAddress,
  IssueTokens,
  OfferLink,
  PasswordText,
  type Profile,
  RegisterPasswordUser,
  RegisterUpstreamUser,
  SignIn,
  type StartedSession,
  StartSession,
  type Tokens,
  type UpstreamPerson,
} from '#identity';
import { IssueLicense } from '#licensing';
import { OrganizationName, RegisterTenant } from '#tenancy';

export const RegisterInput = z.strictObject({
  organizationName: OrganizationName,
  /** Known, accepted, and ignored unless the operator lets callers choose the length of their trial (S2-06, C49). */
  trialDays: z.int().min(0).max(3650).optional(),
});

/** Signing up by address and password instead of an upstream ID token. */
export const PasswordRegisterInput = RegisterInput.extend({ email: EmailAddress, password: PasswordText });

export type Registered = Profile & {
  tokens: Tokens;
  /** In the clear only in the answer that made it; null when the account was there. */
  licenseKey: string | null;
};

/** What a tenant asks that is being made. */
const NEW_TENANT = { tenantStatus: 'active', requiresSecondFactor: false };

/** Signs somebody up: account, tenant, membership and licence in one transaction, or none of them. */
@Injectable()
export class Register {
  constructor(
    private readonly db: Db,
    private readonly signIn: SignIn,
    private readonly offerLink: OfferLink,
    private readonly registerPasswordUser: RegisterPasswordUser,
    private readonly registerUpstreamUser: RegisterUpstreamUser,
    private readonly displaceClaimants: DisplaceClaimants,
    private readonly registerTenant: RegisterTenant,
    private readonly issueLicense: IssueLicense,
    private readonly chooseTrial: ChooseTrial,
    private readonly startSession: StartSession,
    private readonly issueTokens: IssueTokens,
  ) {}

  /**
   * By an upstream ID token. Repeated with the same identity: the same account, signed in. Throws the one 401, 403
   * `TENANT_SUSPENDED`, `SIGN_UP_CLOSED` or `REAUTHENTICATION_REQUIRED`, 409 `ACCOUNT_LINK_REQUIRED`, 429, 503.
   */
  async execute(actor: Actor, idToken: string, input: z.output<typeof RegisterInput>): Promise<Registered> {
    const person = await this.signIn.vouched(actor, idToken);
    return (
      (await this.returning(actor, person)) ??
      (await this.create(actor, person, input)) ??
      this.late(actor, person)
    );
  }

  /**
   * By address and password. Always a new account with an unverified address, so that nobody learns whether the address
   * has one: see docs/decisions/accounts.md. Throws 403 `SIGN_UP_CLOSED`, 422 `PASSWORD_TOO_WEAK`, 429, 503 `BUSY`.
   */
  async withPassword(actor: Actor, input: z.output<typeof PasswordRegisterInput>): Promise<Registered> {
    const applicant = { email: input.email, emailVerified: false, byPassword: true };
    await this.registerPasswordUser.admit(actor, applicant);
    const owner = newOwner(actor);
    const prepared = await this.registerPasswordUser.prepare(owner.id ?? '', input);
    const made = await this.db.transaction(owner, async () => {
      await this.registerPasswordUser.execute(prepared);
      const key = await this.makeTenant(owner, input, false);
      const how = { provider: 'password', amr: ['pwd'], addressHash: prepared.addressHash, isSignUp: true };
      return { key, started: await this.startSession.execute(owner, how, NEW_TENANT) };
    });
    return this.answer(owner, made);
  }

  private async returning(actor: Actor, person: UpstreamPerson): Promise<Registered | null> {
    const signedIn = await this.signIn.known(actor, person);
    return signedIn && { ...signedIn, licenseKey: null };
  }

  /** Null when identity or address became somebody's in the meantime; nothing is left of the attempt then. */
  private async create(
    actor: Actor,
    person: UpstreamPerson,
    input: z.output<typeof RegisterInput>,
  ): Promise<Registered | null> {
    await this.offerLink.execute(actor, person);
    await this.registerPasswordUser.admit(actor, { ...person, byPassword: false });
    const prepared = await this.registerUpstreamUser.prepare(person);
    const owner = newOwner(actor);
    const writing = this.db.transaction(owner, async () => {
      const registered = await this.registerUpstreamUser.execute(prepared);
      if (!registered) return null;
      const key = await this.makeTenant(owner, input, person.emailVerified);
      const how = { ...prepared.how, isSignUp: true };
      const started = await this.startSession.execute(owner, how, NEW_TENANT);
      return { ...registered, key, started };
    });
    const made = await writing.catch((error: unknown) => {
      if (error instanceof AddressTaken) return null;
      throw error;
    });
    if (!made) return null;
    await this.displaceClaimants.execute(owner, made.displaced);
    return this.answer(owner, made);
  }

  private async makeTenant(
    owner: Actor,
    { organizationName: name, trialDays }: z.output<typeof RegisterInput>,
    isProved: boolean,
  ): Promise<string> {
    const ownerUserId = owner.id ?? '';
    await this.registerTenant.execute({ name, ownerUserId });
    await this.chooseTrial.execute(trialDays);
    const { key } = await this.issueLicense.execute({ issuedToUserId: ownerUserId, isProved });
    return key;
  }

  private async answer(owner: Actor, made: { key: string; started: StartedSession }): Promise<Registered> {
    const profile = await this.issueTokens.profile(owner);
    const { session, refreshToken } = made.started;
    const tokens = await this.issueTokens.tokens(profile, session, refreshToken);
    return { ...profile, tokens, licenseKey: made.key };
  }

  private async late(actor: Actor, person: UpstreamPerson): Promise<Registered> {
    const registered = await this.returning(actor, person);
    if (registered) return registered;
    await this.offerLink.execute(actor, person);
    throw new Error('An identity or its address was taken, and neither is anybody’s.');
  }
}

const newOwner = (actor: Actor) => actor.as({ type: 'user', id: newId('usr'), tenantId: newId('ten') });
