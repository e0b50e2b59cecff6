import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db, newId } from '#platform';
import {
  IssueTokens,
  type Profile,
  RegisterUser,
  SignIn,
  StartSession,
  type Tokens,
  UpstreamIdentity,
  type UpstreamPerson,
} from '#identity';
import { IssueLicense } from '#licensing';
import { RegisterTenant } from '#tenancy';

export const RegisterInput = z.strictObject({
  organizationName: z.string().trim().min(1).max(120).meta({ example: 'Acme Tools' }),
  /** Known, accepted and ignored: the length of a trial is the operator's (C49). */
  trialDays: z.int().min(0).max(3650).optional(),
});

export type Registered = Profile & {
  tokens: Tokens;
  /** In the clear only in the answer that made it; null when the account was there. */
  licenseKey: string | null;
};

/** Signs somebody up: account, tenant, membership and licence in one transaction, or none of them. */
@Injectable()
export class Register {
  constructor(
    private readonly db: Db,
    private readonly upstream: UpstreamIdentity,
    private readonly signIn: SignIn,
    private readonly registerUser: RegisterUser,
    private readonly registerTenant: RegisterTenant,
    private readonly issueLicense: IssueLicense,
    private readonly startSession: StartSession,
    private readonly issueTokens: IssueTokens,
  ) {}

  /** Repeated with the same identity: the same account, signed in. Throws the one 401, 403 `TENANT_SUSPENDED`, 503. */
  async execute(actor: Actor, idToken: string, input: z.output<typeof RegisterInput>): Promise<Registered> {
    const person = await this.upstream.verify(idToken);
    return (
      (await this.returning(actor, person)) ??
      (await this.create(actor, person, input)) ??
      this.late(actor, person)
    );
  }

  private async returning(actor: Actor, person: UpstreamPerson): Promise<Registered | null> {
    const signedIn = await this.signIn.known(actor, person);
    return signedIn && { ...signedIn, licenseKey: null };
  }

  /** Null when the same identity was registered in the meantime; nothing is left of the attempt then. */
  private async create(
    actor: Actor,
    person: UpstreamPerson,
    input: z.output<typeof RegisterInput>,
  ): Promise<Registered | null> {
    const owner = actor.as({ type: 'user', id: newId('usr'), tenantId: newId('ten') });
    const made = await this.db.transaction(owner, async () => {
      const user = await this.registerUser.execute(person);
      if (!user) return null;
      await this.registerTenant.execute({ name: input.organizationName, ownerUserId: user.id });
      const { key } = await this.issueLicense.execute({ issuedToUserId: user.id });
      return { key, started: await this.startSession.execute(owner, person.provider) };
    });
    if (!made) return null;

    const profile = await this.issueTokens.profile(owner);
    const tokens = this.issueTokens.tokens(profile, made.started.session, made.started.refreshToken);
    return { ...profile, tokens, licenseKey: made.key };
  }

  private async late(actor: Actor, person: UpstreamPerson): Promise<Registered> {
    const registered = await this.returning(actor, person);
    if (!registered) throw new Error('An identity was taken and is not there.');
    return registered;
  }
}
