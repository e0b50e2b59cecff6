import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Actor, actorOf, Clock, Db, DomainError } from '#platform';
import { SuspendedTenants } from '#tenancy';
import { RefreshTokens } from '../tokens/refresh-tokens.js';
import { RefreshSession } from '../use-cases/refresh-session.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { SessionCookies } from './session-cookies.js';

/** Whose a browser is. */
export interface PageSession {
  /** The person, with the session's id and tenant. */
  actor: Actor;
  /** The session's own, as it was brought or as it is now: what is derived from a session needs it. */
  refreshToken: string;
}

/**
 * Who is signed in at a browser that asks for a hosted page: by the cookies alone, without the header that a browser
 * application sends, since a person follows a link. So every form of those pages carries a token of its own. And by both cookies: whoever has
 * an access token of somebody's, and puts it into a browser of their own, is nobody here.
 */
@Injectable()
export class PageSessions {
  constructor(
    private readonly cookies: SessionCookies,
    private readonly tokens: AccessTokenStrategy,
    private readonly refreshTokens: RefreshTokens,
    private readonly refreshSession: RefreshSession,
    private readonly db: Db,
    private readonly clock: Clock,
    private readonly suspended: SuspendedTenants,
  ) {}

  /**
   * Null for nobody. An access token that has run out is renewed, and the
   * reply carries the next ones; cookies that are good for nothing are taken away. A person whose organisation is
   * suspended is nobody here. Throws 503 `UNAVAILABLE` when tokens cannot be renewed now.
   */
  async find(request: FastifyRequest, reply: FastifyReply): Promise<PageSession | null> {
    const nobody = actorOf(request);
    const [access, refreshToken] = [this.cookies.access(request), this.cookies.refresh(request)];
    if (refreshToken === null) return null;
    const actor = access === null ? null : await this.identify(nobody, access);
    if (actor && (await this.isTheirs(actor, refreshToken))) return { actor, refreshToken };
    return this.renew(nobody, refreshToken, reply);
  }

  /** Whether the refresh token is of the session that the access token is of. */
  private isTheirs(actor: Actor, refreshToken: string): Promise<boolean> {
    const { tenantId, sessionId: id } = actor as Actor & { tenantId: string; sessionId: string };
    const now = this.clock.now();
    return this.db.transaction(actor, () => this.refreshTokens.isOf({ tenantId, id }, refreshToken, now));
  }

  private async renew(nobody: Actor, refreshToken: string, reply: FastifyReply): Promise<PageSession | null> {
    try {
      const tokens = await this.refreshSession.execute(nobody, { refreshToken });
      this.cookies.set(reply, tokens);
      const actor = await this.identify(nobody, tokens.accessToken);
      return actor && { actor, refreshToken: tokens.refreshToken };
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
      if (error.kind === 'unauthenticated') this.cookies.clear(reply);
      return null;
    }
  }

  private async identify(nobody: Actor, token: string): Promise<Actor | null> {
    try {
      const actor = await this.tokens.identify(nobody, token);
      return actor.type === 'user' && !this.suspended.has(actor.tenantId ?? '') ? actor : null;
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'unauthenticated') return null;
      throw error;
    }
  }
}
