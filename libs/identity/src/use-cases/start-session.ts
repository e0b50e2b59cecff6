import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, DomainError, occurred, unauthenticated } from '#platform';
import { CountedAttempt } from '../accounts/counted-attempt.js';
import { Lockout } from '../accounts/lockout.js';
import { AuthSession } from '../domain/auth-session.js';
import {
  accountSuspended,
  NEW_PERSON,
  NO_TENANT,
  refusalOf,
  type SessionPolicy,
  type SessionRefusal,
  tenantSuspended,
} from '../domain/session-policy.js';
import { reauthenticationRequired } from '../domain/step-up.js';
import { DeviceDiscovered } from '../events/index.js';
import { DeviceHash } from '../sessions/device-hash.js';
import { KnownDevices } from '../persistence/known-devices.js';
import { MfaTokens } from '../second-factor/mfa-tokens.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { LoginEvents, type LoginOutcome } from '../persistence/login-events.js';
import { Passwords } from '../persistence/passwords.js';
import { Users } from '../persistence/users.js';
import { SessionRoom } from '../sessions/session-room.js';
import type { RefreshToken } from '../tokens/refresh-token.js';
import { RefreshTokens } from '../tokens/refresh-tokens.js';
import { type Derived, InheritSession, type SessionRef } from './inherit-session.js';

export interface StartedSession {
  session: AuthSession;
  refreshToken: RefreshToken;
}

/** How somebody has shown who they are. */
export interface Authenticated {
  /** `password`, or the upstream provider. */
  provider: string;
  /** RFC 8176. */
  amr: readonly string[];
  /** Keyed; of the address they signed in with. */
  addressHash?: Buffer;
  /** When, where that was not just now. */
  authTime?: Date;
  /** What was counted before it was guessed at; nothing is to count for an issuer's token, and for a sign-up. */
  attempt?: CountedAttempt;
  /** When the password was chosen that was shown: one that was changed meanwhile makes no session. */
  passwordOf?: Date;
  /** The account is made in the same transaction. */
  isSignUp?: boolean;
  /** The session that showed all but what `attempt` did. */
  from?: SessionRef;
}

/** What a new session is made of. */
type Making = Pick<Authenticated, 'provider' | 'amr' | 'authTime' | 'addressHash' | 'isSignUp' | 'from'> & {
  reauthenticatedAt?: Date | null;
  deviceName?: string | null;
  rootId?: string | null;
  programRootId?: string | null;
  forProgram?: boolean;
};

/** What is about to be guessed at. */
export interface Guess {
  method: string;
  /** Keyed: the address, or whose second factor it is. Failures are counted under it. */
  subject: Buffer;
  /** Also kept with the record, where the subject is an address. */
  addressHash?: Buffer;
  /** Whose account it is, as far as anybody's: asked only where the attempt is refused. */
  whose: () => Promise<string | null>;
}

/** What whoever knows it could have guessed. */
const GUESSABLE = new Set(['pwd', 'otp']);

/**
 * The one function that makes sessions: a user, a tenant, how they authenticated and what the policy says in, a session
 * or a refusal out. Whether one is made and whether it goes on is decided here and nowhere else, by lockout, suspension,
 * second factor and what the tenant asks: the lockout in {@link begin}, before anything is tried, also within a
 * session; the rest in {@link execute}, in {@link derive} for a session that comes of another one, whose guess was counted
 * then, and, for sessions that are there, in {@link standsAgainst}. What a session may do while it lives, its routes decide.
 */
@Injectable()
export class StartSession {
  constructor(
    private readonly db: Db,
    private readonly lockout: Lockout,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly sessions: AuthSessions,
    private readonly refreshTokens: RefreshTokens,
    private readonly loginEvents: LoginEvents,
    private readonly mfaTokens: MfaTokens,
    private readonly knownDevices: KnownDevices,
    private readonly deviceHash: DeviceHash,
    private readonly room: SessionRoom,
    private readonly inheritSession: InheritSession,
    private readonly clock: Clock,
  ) {}

  /** Counts an attempt before it is made. Throws 429 `SIGN_IN_LOCKED`. */
  async begin(actor: Actor, { method, subject, addressHash, whose }: Guess): Promise<CountedAttempt> {
    const record = async (outcome: LoginOutcome, userId: string | null) =>
      this.loginEvents.record(actor, { method, addressHash, outcome, userId: userId ?? undefined });
    const counted = await this.lockout.begin(subject, actor.origin).catch(async (error: unknown) => {
      await record('locked', await whose());
      throw error;
    });
    return new CountedAttempt(counted, record);
  }

  /**
   * For the actor's user in the actor's tenant; joins a transaction around it. Throws 403 `TENANT_SUSPENDED` or
   * `ACCOUNT_SUSPENDED`, 401 `MFA_REQUIRED` or `MFA_ENROLLMENT_REQUIRED`.
   */
  async execute(actor: Actor, how: Authenticated, policy: SessionPolicy): Promise<StartedSession> {
    mustNameBoth(actor);
    if (!how.isSignUp && !how.attempt && how.amr.some((method) => GUESSABLE.has(method)))
      throw new Error('What can be guessed makes no session unless the guess was counted.');
    await how.attempt?.succeeded();

    const outcome = await this.db
      .transaction(actor, async () => {
        const [person, isPresent] = await Promise.all([
          how.isSignUp ? NEW_PERSON : this.users.holdStanding(),
          how.passwordOf ? this.passwords.isOf(how.passwordOf) : true,
        ]);
        if (!isPresent) throw unauthenticated('password changed meanwhile');
        return refusalOf(policy, person ?? nobody(), how.amr) ?? this.start(actor, how);
      })
      .catch((error: unknown) => this.turnAway(actor, { ...how, method: how.provider }, error));
    if (typeof outcome === 'string') throw await this.refused(actor, how, outcome);
    return outcome;
  }

  /**
   * For the actor's user, who has shown who they are and is in no tenant: no session, and a token for FinishSignIn. Throws
   * 403 `NO_ORGANIZATION` or `ACCOUNT_SUSPENDED`, 401 `MFA_REQUIRED`: also for this the second factor is asked first.
   */
  async withoutTenant(anywhere: Actor, how: Authenticated): Promise<never> {
    await how.attempt?.succeeded();
    const person = await this.db.transaction(anywhere, () => this.users.holdStanding());
    throw await this.refused(anywhere, how, refusalOf(NO_TENANT, person ?? nobody(), how.amr) ?? 'no_tenant');
  }

  /**
   * For the actor's user in the actor's tenant, by a session of theirs, in whichever tenant: another one beside it, with how
   * and when they signed in. Throws the one 401 where that session is over or about to end, 403 `REAUTHENTICATION_REQUIRED`
   * for an access token alone, and as {@link execute} does; 429 `RATE_LIMITED`.
   */
  async derive(actor: Actor, how: Derived, policy: SessionPolicy): Promise<StartedSession> {
    mustNameBoth(actor);
    if (how.amr && !how.attempt)
      throw new Error('What can be guessed makes no session unless the guess was counted.');
    await how.attempt?.succeeded();
    await this.room.take(actor.id ?? '');

    const there = actor.as({ tenantId: how.from.tenantId });
    const { outcome, making, isFresh } = await this.db
      .transaction(there, async () => {
        const [person, { making, isFresh }] = await Promise.all([
          this.users.holdStanding(),
          this.inheritSession.execute(how),
        ]);
        const begin = async () =>
          refusalOf(policy, person ?? nobody(), making.amr) ?? this.start(actor, making);
        const isHere = actor.tenantId === there.tenantId;
        return { making, isFresh, outcome: await (isHere ? begin() : this.db.alongside(actor, begin)) };
      })
      .catch((error: unknown) => this.turnAway(actor, { method: 'session' }, error));
    // Or whoever has a session's tokens would set up a second factor of their own.
    if (outcome === 'enrollment' && !isFresh)
      throw reauthenticationRequired(
        'The organisation asks for a second factor: sign in anew to set one up.',
      );
    if (typeof outcome === 'string') throw await this.refused(actor, making, outcome);
    return outcome;
  }

  /**
   * Records an attempt that came to nothing though no guess in it was wrong: what it showed holds no longer, or its
   * person is in no tenant. Throws what it was refused with; what is no refusal but a fault is not recorded.
   */
  async turnAway(
    actor: Actor,
    { method, addressHash }: Pick<Guess, 'method' | 'addressHash'>,
    error: unknown,
  ): Promise<never> {
    if (error instanceof DomainError && error.kind === 'unauthenticated') {
      const userId = actor.id ?? undefined;
      await this.loginEvents.record(actor, { userId, method, addressHash, outcome: 'refused' });
    }
    throw error;
  }

  /** What stands against a session that was made by `amr` going on; null for nothing. */
  async standsAgainst(
    actor: Actor,
    amr: readonly string[],
    policy: SessionPolicy | Promise<SessionPolicy>,
  ): Promise<SessionRefusal | null> {
    const [asked, person] = await Promise.all([policy, this.users.standing(actor)]);
    return refusalOf(asked, person ?? nobody(), amr);
  }

  private async start(actor: Actor, how: Making): Promise<StartedSession> {
    const now = this.clock.now();
    const { provider, addressHash } = how;
    const { id: userId, tenantId, origin } = actor as Actor & { id: string; tenantId: string };
    const { amr, authTime, reauthenticatedAt, deviceName, rootId, programRootId, forProgram } = how;
    const session = AuthSession.start(
      {
        ...{ tenantId, userId, provider, amr, authTime, reauthenticatedAt },
        ...{ deviceName, rootId, programRootId, forProgram, ...origin },
      },
      now,
    );
    const outcome = how.isSignUp ? 'signed_up' : 'signed_in';
    const event = { userId, method: provider, addressHash, outcome, sessionId: session.id } as const;
    const [, refreshToken, isNewDevice] = await Promise.all([
      this.sessions.insert(session),
      this.refreshTokens.begin(session, now),
      this.knownDevices.see(this.deviceHash.of(userId, origin)),
      this.loginEvents.record(actor, event),
      this.room.keepTo(session, how.from?.sessionId),
    ]);
    if (isNewDevice) this.db.record([occurred(DeviceDiscovered, { userId, sessionId: session.id }, now)]);
    return { session, refreshToken };
  }

  private async refused(
    actor: Actor,
    how: Making & Pick<Authenticated, 'passwordOf'>,
    refusal: SessionRefusal | 'no_tenant',
  ): Promise<DomainError> {
    const { provider, amr, addressHash, from = null } = how;
    const userId = actor.id ?? '';
    const outcome = recordedAs(refusal);
    await this.loginEvents.record(actor, { userId, method: provider, addressHash, outcome });
    if (refusal === 'tenant_suspended') return tenantSuspended();
    if (refusal === 'person_suspended') return accountSuspended();

    const passwordOf = how.passwordOf?.getTime() ?? null;
    const pending = { userId, tenantId: actor.tenantId, provider, amr: [...amr], passwordOf, from };
    if (refusal === 'no_tenant') {
      const mfaToken = await this.mfaTokens.make({ ...pending, purpose: 'organization' });
      const words = 'You are in no organisation any more: make one, or accept an invitation.';
      return new DomainError('forbidden', 'NO_ORGANIZATION', words, { details: { mfaToken } });
    }
    if (refusal === 'second_factor') {
      const mfaToken = await this.mfaTokens.make({ ...pending, purpose: 'challenge' });
      return new DomainError('unauthenticated', 'MFA_REQUIRED', 'Give a code of your authenticator.', {
        details: { mfaToken },
      });
    }
    const mfaToken = await this.mfaTokens.make({ ...pending, purpose: 'enroll' });
    return new DomainError(
      'unauthenticated',
      'MFA_ENROLLMENT_REQUIRED',
      'The organisation asks for a second factor: set one up first.',
      { details: { mfaToken } },
    );
  }
}

function mustNameBoth(actor: Actor): void {
  if (actor.type !== 'user' || !actor.id || !actor.tenantId)
    throw new Error('A session needs a user and a tenant.');
}

function recordedAs(refusal: SessionRefusal | 'no_tenant'): LoginOutcome {
  if (refusal === 'no_tenant') return 'refused';
  return refusal === 'second_factor' || refusal === 'enrollment' ? refusal : 'suspended';
}

function nobody(): never {
  throw unauthenticated('no such person');
}
