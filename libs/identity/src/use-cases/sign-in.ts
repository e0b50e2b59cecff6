import { Injectable } from '@nestjs/common';
import { type Actor, DomainError } from '#platform';
import { Users } from '../persistence/users.js';
import { UpstreamIdentity, type UpstreamPerson } from '../upstream/upstream-identity.js';
import { IssueTokens, type Profile, type Tokens } from './issue-tokens.js';
import { StartSession } from './start-session.js';

/** Signs in somebody who has an account. */
@Injectable()
export class SignIn {
  constructor(
    private readonly upstream: UpstreamIdentity,
    private readonly users: Users,
    private readonly issueTokens: IssueTokens,
    private readonly startSession: StartSession,
  ) {}

  /** By an upstream ID token. Throws the one 401, 403 `NOT_REGISTERED` or `TENANT_SUSPENDED`, 503. */
  async execute(actor: Actor, idToken: string): Promise<Profile & { tokens: Tokens }> {
    const person = await this.upstream.verify(idToken);
    const signedIn = await this.known(actor, person);
    if (!signedIn)
      throw new DomainError(
        'forbidden',
        'NOT_REGISTERED',
        'There is no account for this identity; register first.',
      );
    return signedIn;
  }

  /** The same for a person whose token has been verified; null when they have no account yet. */
  async known(actor: Actor, person: UpstreamPerson): Promise<(Profile & { tokens: Tokens }) | null> {
    const userId = await this.users.idOf(actor, person);
    if (!userId) return null;

    const anywhere = actor.as({ type: 'user', id: userId, tenantId: null });
    const profile = await this.noteVerified(anywhere, await this.issueTokens.profile(anywhere), person);
    const { session, refreshToken } = await this.startSession.execute(
      anywhere.as({ tenantId: profile.tenant.id }),
      person.provider,
    );
    return { ...profile, tokens: this.issueTokens.tokens(profile, session, refreshToken) };
  }

  /** Whoever proves their address after they registered is not asked again. */
  private async noteVerified(actor: Actor, profile: Profile, person: UpstreamPerson): Promise<Profile> {
    const { user } = profile;
    if (user.emailVerified || !person.emailVerified || person.email !== user.email) return profile;
    await this.users.verifyEmail(actor);
    return { ...profile, user: { ...user, emailVerified: true } };
  }
}
