import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, STEP_UP_SECONDS, unauthenticated } from '#platform';
import { PasswordText } from '../accounts/address.js';
import { reauthenticationRequired } from '../domain/step-up.js';
import type { AuthSession } from '../domain/auth-session.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { Identities } from '../persistence/identities.js';
import { LoginEvents } from '../persistence/login-events.js';
import { Users } from '../persistence/users.js';
import { SecondFactor, SecondFactorCode } from '../second-factor/second-factor.js';
import { ACCESS_TOKEN_SECONDS } from '../tokens/access-tokens.js';
import { signedInWithin, UpstreamIdentity } from '../upstream/upstream-identity.js';
import { ConfirmOwnPassword } from './confirm-own-password.js';
import { IssueTokens, type Tokens } from './issue-tokens.js';
import { KeepSession } from './keep-session.js';

export const ReauthenticateInput = z.union([
  z.strictObject({ password: PasswordText }),
  z.strictObject({ code: SecondFactorCode }),
  z.strictObject({ idToken: z.string().min(1).max(8_192).meta({ example: 'eyJhbGciOiJSUzI1NiJ9...' }) }),
]);

interface Shown {
  method: string;
  /** RFC 8176. */
  amr: readonly string[];
}

/**
 * Shows within a session who its owner is, for what asks for that anew. Who has a second factor shows that one: or a
 * stolen password and a stolen access token together would be enough to take it off.
 */
@Injectable()
export class Reauthenticate {
  constructor(
    private readonly db: Db,
    private readonly users: Users,
    private readonly identities: Identities,
    private readonly sessions: AuthSessions,
    private readonly confirmOwnPassword: ConfirmOwnPassword,
    private readonly secondFactor: SecondFactor,
    private readonly upstream: UpstreamIdentity,
    private readonly loginEvents: LoginEvents,
    private readonly keepSession: KeepSession,
    private readonly issueTokens: IssueTokens,
    private readonly clock: Clock,
  ) {}

  /**
   * Gives an access token with a new auth_time; the refresh token stays the one there is. Throws 403
   * `REAUTHENTICATION_REQUIRED` (`details.methods` says what counts), 403 `CODE_INVALID`, 429 `SIGN_IN_LOCKED`, 503.
   */
  async execute(
    actor: Actor,
    input: z.output<typeof ReauthenticateInput>,
  ): Promise<Omit<Tokens, 'refreshToken'>> {
    const standing = await this.users.standing(actor);
    if (!standing) throw unauthenticated('no such person');
    if (standing.hasSecondFactor && !('code' in input))
      throw reauthenticationRequired('Give a code of your authenticator.', { methods: ['code'] });

    const { method, amr } = await this.show(actor, input);
    const session = await this.note(actor, amr);
    await this.loginEvents.record(actor, { userId: session.userId, method, outcome: 'reauthenticated' });
    const profile = await this.keepSession.execute(actor, session, this.issueTokens.profileIn(actor));
    const accessToken = await this.issueTokens.access(profile, session);
    return { accessToken, tokenType: 'Bearer', expiresIn: ACCESS_TOKEN_SECONDS };
  }

  private async show(actor: Actor, input: z.output<typeof ReauthenticateInput>): Promise<Shown> {
    if ('password' in input) {
      await this.confirmOwnPassword.firstFactor(actor, input.password);
      return { method: 'password', amr: ['pwd'] };
    }
    if ('code' in input) {
      await this.secondFactor.check(actor, input.code);
      return { method: 'totp', amr: ['otp', 'mfa'] };
    }
    const refused = (method: string) =>
      this.loginEvents.record(actor, { userId: actor.id ?? undefined, method, outcome: 'refused' });
    const person = await this.upstream.verify(input.idToken).catch(async (error: unknown) => {
      if (error instanceof DomainError && error.kind !== 'unavailable') await refused('upstream');
      throw error;
    });
    const isFresh = signedInWithin(person, STEP_UP_SECONDS * 1_000, this.clock.now());
    if (!isFresh || (await this.identities.ownerOf(actor, person)) !== actor.id) {
      await refused(person.provider);
      throw reauthenticationRequired('Sign in with your identity provider once more, as yourself.', {
        methods: ['password', 'id_token'],
      });
    }
    return { method: person.provider, amr: ['fed'] };
  }

  private note(actor: Actor, amr: readonly string[]): Promise<AuthSession> {
    return this.db.transaction(actor, async () => {
      const now = this.clock.now();
      const session = await this.sessions.lock(actor.sessionId ?? '');
      if (!session?.isLive(now) || session.userId !== actor.id) throw unauthenticated('session over');
      session.reauthenticate(amr, now);
      await this.sessions.save(session);
      return session;
    });
  }
}
