import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, unauthenticated } from '#platform';
import type { AuthSession } from '../domain/auth-session.js';
import { IdentityConfig } from '../identity.config.js';
import { AuthSessions, type StoredRefreshToken } from '../persistence/auth-sessions.js';
import { hashOf, parseRefreshToken, type RefreshToken, successorOf } from '../tokens/refresh-token.js';
import { IssueTokens, type Tokens } from './issue-tokens.js';

/** How long an old token still gives its successor after that was used, in ms (contract). */
const GRACE_MS = 15_000;

export const RefreshInput = z.strictObject({
  refreshToken: z.string().min(1).max(256).meta({ example: 'rft_AZr6...' }),
});

/** Exchanges a refresh token for the next one. Concurrent and repeated calls get the same successor. */
@Injectable()
export class RefreshSession {
  constructor(
    private readonly db: Db,
    private readonly sessions: AuthSessions,
    private readonly issueTokens: IssueTokens,
    private readonly config: IdentityConfig,
    private readonly clock: Clock,
  ) {}

  /** Throws the one 401; a token used again after its successor ends the family. 403 `TENANT_SUSPENDED`. */
  async execute(actor: Actor, input: z.output<typeof RefreshInput>): Promise<Tokens> {
    const token = parseRefreshToken(input.refreshToken);
    if (!token) throw unauthenticated('not a refresh token');

    const session = await this.db.transaction(actor.as({ tenantId: token.tenantId }), () =>
      this.rotate(token),
    );
    if (session === 'reused') throw unauthenticated('refresh token reused; family ended');
    if (!session) throw unauthenticated('refresh token unknown or session over');

    const owner = actor.as({ type: 'user', id: session.userId, tenantId: session.tenantId });
    const profile = await this.issueTokens.profile(owner);
    return this.issueTokens.tokens(profile, session, successorOf(this.config.refreshPepper, token));
  }

  private async rotate(token: RefreshToken): Promise<AuthSession | 'reused' | null> {
    const now = this.clock.now();
    const session = await this.sessions.lock(token.sessionId);
    if (!session?.isLive(now)) return null;
    const hash = hashOf(this.config.refreshPepper, token);
    const stored = await this.sessions.token(session.id, hash);
    if (!stored) return null;

    if (!stored.rotatedAt) {
      const successor = hashOf(this.config.refreshPepper, successorOf(this.config.refreshPepper, token));
      await this.sessions.rotate(session.id, hash, successor, now);
      session.refresh(now);
    } else if (!stillGivesSuccessor(stored, now)) {
      session.end('refresh_reuse', now);
      await this.sessions.save(session);
      return 'reused';
    }
    await this.sessions.save(session);
    return session;
  }
}

/** Until the successor was first used, or for 15 s after rotation, whichever is later. */
function stillGivesSuccessor(token: StoredRefreshToken, now: Date): boolean {
  if (!token.successorUsedAt) return true;
  return now.getTime() < (token.rotatedAt?.getTime() ?? 0) + GRACE_MS;
}
