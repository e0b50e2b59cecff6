import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Actor, actorOf, DomainError } from '#platform';
import { SuspendedTenants } from '#tenancy';
import { RefreshSession } from '../use-cases/refresh-session.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { SessionCookies } from './session-cookies.js';

/**
 * Who is signed in at a browser that asks for a hosted page: by the cookies alone, without the header that a browser
 * application sends, since a person follows a link. So every form of those pages carries a token of its own.
 */
@Injectable()
export class PageSessions {
  constructor(
    private readonly cookies: SessionCookies,
    private readonly tokens: AccessTokenStrategy,
    private readonly refreshSession: RefreshSession,
    private readonly suspended: SuspendedTenants,
  ) {}

  /**
   * The person, with the session's id and tenant; null for nobody. An access token that has run out is renewed, and the
   * reply carries the next ones; cookies that are good for nothing are taken away. A person whose organisation is
   * suspended is nobody here. Throws 503 `UNAVAILABLE` when tokens cannot be renewed now.
   */
  async find(request: FastifyRequest, reply: FastifyReply): Promise<Actor | null> {
    const nobody = actorOf(request);
    const access = this.cookies.access(request);
    const person = access === null ? null : await this.identify(nobody, access);
    return person ?? this.renew(nobody, request, reply);
  }

  private async renew(nobody: Actor, request: FastifyRequest, reply: FastifyReply): Promise<Actor | null> {
    const refreshToken = this.cookies.refresh(request);
    if (refreshToken === null) return null;
    try {
      const tokens = await this.refreshSession.execute(nobody, { refreshToken });
      this.cookies.set(reply, tokens);
      return await this.identify(nobody, tokens.accessToken);
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
