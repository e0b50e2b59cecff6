import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, unauthenticated } from '#platform';
import type { CountedAttempt } from '../accounts/counted-attempt.js';
import { policyOf } from '../domain/session-policy.js';
import { MfaTokens, type PendingSignIn } from '../second-factor/mfa-tokens.js';
import { codeInvalid, SecondFactor, SecondFactorCode } from '../second-factor/second-factor.js';
import { type BegunEnrollment, TotpEnrollment } from '../second-factor/totp-enrollment.js';
import { Passwords } from '../persistence/passwords.js';
import { Users } from '../persistence/users.js';
import { EndPersonSessions } from './end-person-sessions.js';
import { IssueTokens, type Profile, type Tokens } from './issue-tokens.js';
import { StartSession } from './start-session.js';

export const MfaToken = z.string().min(1).max(100).meta({ example: 'mfa_AZr6...' });
export const ChallengeInput = z.strictObject({ mfaToken: MfaToken, code: SecondFactorCode });

type SignedIn = Profile & { tokens: Tokens };

/** The second step of a sign-in: to show the second factor, or to set it up where the tenant asks for one. */
@Injectable()
export class AnswerChallenge {
  constructor(
    private readonly mfaTokens: MfaTokens,
    private readonly secondFactor: SecondFactor,
    private readonly enrollment: TotpEnrollment,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly issueTokens: IssueTokens,
    private readonly startSession: StartSession,
  ) {}

  /** A wrong code leaves the token good. Throws the one 401, 403 `CODE_INVALID` or `NO_ORGANIZATION`, 429 `SIGN_IN_LOCKED`, 503. */
  async execute(actor: Actor, input: z.output<typeof ChallengeInput>): Promise<SignedIn> {
    const { pending, person } = await this.open(actor, input.mfaToken, 'challenge');
    const attempt = await this.secondFactor.guess(person);
    if (!(await attempt.made(this.secondFactor.take(person, input.code)))) {
      await attempt.wrong('wrong_code', person.id);
      throw codeInvalid();
    }
    return this.signIn(person, pending, input.mfaToken, attempt);
  }

  /** Begins to set up the second factor that a tenant asks for. Throws the one 401, 409 `MFA_ALREADY_ENABLED`. */
  async enroll(actor: Actor, mfaToken: string): Promise<BegunEnrollment> {
    const { person } = await this.open(actor, mfaToken, 'enroll');
    const user = await this.users.self(person);
    if (!user) throw unauthenticated('no such person');
    return this.enrollment.begin(person, user.email);
  }

  /** What {@link enroll} began, once more, for who gave a wrong code. Throws the one 401. */
  async resume(actor: Actor, mfaToken: string): Promise<BegunEnrollment> {
    const { person } = await this.open(actor, mfaToken, 'enroll');
    const user = await this.users.self(person);
    const begun = user && (await this.enrollment.resume(person, user.email));
    if (!begun) throw unauthenticated('no enrolment was begun');
    return begun;
  }

  /** Finishes that, and with it the sign-in: what the code shows is the second factor. Throws like {@link execute}. */
  async confirm(
    actor: Actor,
    input: z.output<typeof ChallengeInput>,
  ): Promise<{ backupCodes: string[]; signedIn: SignedIn }> {
    const { pending, person } = await this.open(actor, input.mfaToken, 'enroll');
    const attempt = await this.secondFactor.guess(person);
    const finished = await attempt.made(this.enrollment.finish(person, input.code));
    if (!finished) {
      await attempt.wrong('wrong_code', person.id);
      throw codeInvalid();
    }
    await this.endPersonSessions.finish(person, finished.outdated);
    const { backupCodes } = finished;
    return { backupCodes, signedIn: await this.signIn(person, pending, input.mfaToken, attempt) };
  }

  private async open(actor: Actor, mfaToken: string, purpose: PendingSignIn['purpose']) {
    const pending = await this.mfaTokens.look(mfaToken, purpose);
    if (!pending) return this.turnAway(actor, unauthenticated('unknown MFA token'));
    const { userId, tenantId, passwordOf, from } = pending;
    const person = actor.as({ type: 'user', id: userId, tenantId, sessionId: from?.sessionId ?? null });
    if (passwordOf !== null && (await this.passwords.find(person))?.changedAt.getTime() !== passwordOf)
      return this.turnAway(person, unauthenticated('password changed meanwhile'));
    return { pending, person };
  }

  private turnAway(actor: Actor, error: unknown): Promise<never> {
    return this.startSession.turnAway(actor, { method: 'totp' }, error);
  }

  private async signIn(
    person: Actor,
    { provider, amr, passwordOf, from }: PendingSignIn,
    mfaToken: string,
    attempt: CountedAttempt,
  ): Promise<SignedIn> {
    const profile = await this.spend(person, mfaToken).catch(async (error: unknown) => {
      await attempt.undo();
      return this.turnAway(person, error);
    });
    const shown = ['otp', 'mfa'];
    const how = {
      ...{ provider, amr: [...amr, ...shown], attempt },
      ...(passwordOf !== null && { passwordOf: new Date(passwordOf) }),
    };
    if (!profile) return this.startSession.withoutTenant(person, how);
    const here = person.as({ tenantId: profile.tenant.id });
    const policy = policyOf(profile.tenant);
    const { session, refreshToken } = from
      ? await this.startSession.derive(here, { from, attempt, amr: shown }, policy)
      : await this.startSession.execute(here, how, policy);
    return { ...profile, tokens: await this.issueTokens.tokens(profile, session, refreshToken) };
  }

  /** null for who is in no tenant, and was in none when they began. */
  private async spend(person: Actor, mfaToken: string): Promise<Profile | null> {
    if (!(await this.mfaTokens.spend(mfaToken))) throw unauthenticated('MFA token used');
    return person.tenantId ? this.issueTokens.profile(person) : this.issueTokens.profileToSignIn(person);
  }
}
