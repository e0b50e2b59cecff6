import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf, DomainError } from '#platform';
import {
  EndSessions,
  IssueTokens,
  type PageSession,
  PageSessions,
  type Profile,
  SessionCookies,
  type Tokens,
} from '#identity';

/** Somebody who is signed in on this browser. */
export interface Visitor extends PageSession {
  profile: Profile;
}

/** Who is signed in on a browser. */
@Injectable()
export class Visitors {
  constructor(
    private readonly sessions: PageSessions,
    private readonly cookies: SessionCookies,
    private readonly endSessions: EndSessions,
    private readonly issueTokens: IssueTokens,
  ) {}

  /** Null for nobody. Throws 503. */
  async find(request: FastifyRequest, reply: FastifyReply): Promise<Visitor | null> {
    const session = await this.sessions.find(request, reply);
    if (!session) return null;
    const profile = await this.issueTokens.profile(session.actor).catch((error: unknown) => {
      // In no organisation any more: the session ends within two seconds.
      if (error instanceof DomainError && error.kind === 'unauthenticated') return null;
      throw error;
    });
    return profile && { ...session, profile };
  }

  /** The browser is theirs now, and whatever session it had before is over. */
  async enter(request: FastifyRequest, reply: FastifyReply, tokens: Tokens): Promise<void> {
    await this.end(request);
    this.cookies.set(reply, tokens);
  }

  /** Ends the session and forgets it. */
  async leave(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await this.end(request);
    this.cookies.clear(reply);
  }

  private async end(request: FastifyRequest): Promise<void> {
    const refreshToken = this.cookies.refresh(request);
    if (refreshToken) await this.endSessions.one(actorOf(request), { refreshToken });
  }
}
