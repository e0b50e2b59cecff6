import { Injectable } from '@nestjs/common';
import { type Actor, unauthenticated } from '#platform';
import { ListTenants } from '#tenancy';
import { CountedAttempt } from '../accounts/counted-attempt.js';
import { accountSuspended, type SessionPolicy } from '../domain/session-policy.js';
import { Passwords } from '../persistence/passwords.js';
import { type UserRow, Users } from '../persistence/users.js';
import { MfaTokens, type PendingSignIn } from '../second-factor/mfa-tokens.js';
import { IssueTokens, type Profile, type Tokens } from './issue-tokens.js';
import { StartSession } from './start-session.js';

/** Somebody who has shown who they are, all of it, and is in no tenant. */
export interface Unplaced {
  /** In no tenant. */
  person: Actor;
  user: UserRow;
  mfaToken: string;
  pending: PendingSignIn;
}

/** The rest of a sign-in that was answered 403 `NO_ORGANIZATION`, for whoever gives that person an organisation. */
@Injectable()
export class FinishSignIn {
  constructor(
    private readonly mfaTokens: MfaTokens,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly listTenants: ListTenants,
    private readonly issueTokens: IssueTokens,
    private readonly startSession: StartSession,
  ) {}

  /** Does not use the token up. Throws the one 401. */
  async open(actor: Actor, mfaToken: string): Promise<Unplaced> {
    const pending = await this.mfaTokens.look(mfaToken, 'organization');
    if (!pending) throw unauthenticated('unknown token');
    const person = actor.as({
      type: 'user',
      id: pending.userId,
      tenantId: null,
      sessionId: null,
      scopes: [],
    });
    const [user, tenants] = await Promise.all([this.users.self(person), this.listTenants.execute(person)]);
    if (!user) throw unauthenticated('no such person');
    // What signing in to that one asks was not asked.
    if (tenants.length > 0) throw unauthenticated('in a tenant by now');
    return { person, user, mfaToken, pending };
  }

  /**
   * Last in the transaction of that person in their new tenant, which it takes back where what the token stood on is gone:
   * throws the one 401, 403 `ACCOUNT_SUSPENDED`.
   */
  async spend({ mfaToken, pending }: Unplaced): Promise<void> {
    const standing = await this.users.holdStanding();
    if (!standing) throw unauthenticated('no such person');
    if (standing.isSuspended) throw accountSuspended();
    if (pending.passwordOf !== null && !(await this.passwords.isOf(new Date(pending.passwordOf))))
      throw unauthenticated('password changed meanwhile');
    if (!(await this.mfaTokens.spend(mfaToken))) throw unauthenticated('token used');
  }

  /** After that transaction, for the person in their tenant. Throws like StartSession.execute. */
  async start(
    here: Actor,
    { pending }: Unplaced,
    policy: SessionPolicy,
  ): Promise<Profile & { tokens: Tokens }> {
    const { provider, amr, passwordOf } = pending;
    const how = {
      ...{ provider, amr, attempt: CountedAttempt.before() },
      ...(passwordOf !== null && { passwordOf: new Date(passwordOf) }),
    };
    const { session, refreshToken } = await this.startSession.execute(here, how, policy);
    const profile = await this.issueTokens.profile(here);
    return { ...profile, tokens: await this.issueTokens.tokens(profile, session, refreshToken) };
  }
}
