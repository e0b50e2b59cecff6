import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, unauthenticated } from '#platform';
import type { AuthSession } from '../domain/auth-session.js';
import { LoginEvents } from '../persistence/login-events.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { parseRefreshToken, type RefreshToken } from '../tokens/refresh-token.js';
import { RefreshTokens, stillGivesSuccessor } from '../tokens/refresh-tokens.js';
import { SharedTurns } from '../tokens/shared-turns.js';
import { EndPersonSessions } from './end-person-sessions.js';
import { IssueTokens, type Tokens } from './issue-tokens.js';
import { KeepSession } from './keep-session.js';

export const RefreshInput = z.strictObject({
  refreshToken: z.string().min(1).max(256).meta({ example: 'rft_AZr6...' }),
});

/** Somebody else has had it. */
interface Reused {
  reused: AuthSession;
}

interface Rotated {
  session: AuthSession;
  successor: RefreshToken;
}

/** Exchanges a refresh token for the next one. Concurrent and repeated calls get the same successor. */
@Injectable()
export class RefreshSession {
  /** Tabs that wake up together come with one token: they would wait for each other's row, a connection each. */
  private readonly turns = new SharedTurns<Tokens>();

  constructor(
    private readonly db: Db,
    private readonly sessions: AuthSessions,
    private readonly issueTokens: IssueTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly keepSession: KeepSession,
    private readonly loginEvents: LoginEvents,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws the one 401; a token used again after its successor ends the family. 403 `TENANT_SUSPENDED`. 503 when
   * nothing can be signed now: the same token gives the same successor later.
   */
  async execute(actor: Actor, input: z.output<typeof RefreshInput>): Promise<Tokens> {
    const token = parseRefreshToken(input.refreshToken);
    if (!token) throw unauthenticated('not a refresh token');
    return this.turns.run(input.refreshToken, () => this.exchange(actor, token));
  }

  private async exchange(actor: Actor, token: RefreshToken): Promise<Tokens> {
    const rotated = await this.db.transaction(actor.as({ tenantId: token.tenantId }), () =>
      this.rotate(token),
    );
    if (rotated && 'reused' in rotated) {
      await this.endFamily(actor, rotated.reused);
      throw unauthenticated('refresh token reused; family ended');
    }
    if (!rotated) throw unauthenticated('refresh token unknown or session over');

    const { session, successor } = rotated;
    const owner = actor.as({ type: 'user', id: session.userId, tenantId: session.tenantId });
    const profile = await this.keepSession.execute(owner, session, this.issueTokens.profileIn(owner));
    return this.issueTokens.tokens(profile, session, successor);
  }

  /** In a transaction of its own, which holds the person before the session, as all do that need both. */
  private async endFamily(actor: Actor, session: AuthSession): Promise<void> {
    const { userId, tenantId, provider: method, id: sessionId, rootId } = session;
    const root = rootId ?? sessionId;
    const hasEnded = await this.endPersonSessions.endFamily(actor, session, root, 'refresh_reuse');
    if (!hasEnded) return;
    const owner = actor.as({ type: 'user', id: userId, tenantId });
    await this.loginEvents.record(owner, { userId, method, sessionId, outcome: 'refresh_reuse' });
  }

  private async rotate(token: RefreshToken): Promise<Rotated | Reused | null> {
    const now = this.clock.now();
    // The second waits for the lock of the first.
    const [session, stored] = await Promise.all([
      this.sessions.lock(token.sessionId),
      this.refreshTokens.find(token),
    ]);
    if (!session?.isLive(now) || !stored) return null;

    if (!stored.rotatedAt) {
      session.refresh(now);
      await Promise.all([this.refreshTokens.rotate(token, stored, now), this.sessions.save(session)]);
    } else if (!stillGivesSuccessor(stored, now)) return { reused: session };
    return { session, successor: this.refreshTokens.successor(token, stored) };
  }
}
