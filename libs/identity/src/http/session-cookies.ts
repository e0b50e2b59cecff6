import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { clearCookie, cookieIn, DomainError, HttpConfig, setCookie } from '#platform';
import { SESSION_IDLE_MS } from '../domain/auth-session.js';
import { ACCESS_TOKEN_SECONDS } from '../tokens/access-tokens.js';

const ACCESS = '__Host-gatehouse-access';
const REFRESH = '__Host-gatehouse-refresh';
/** They change nothing, so nobody gains by making a browser send them (RFC 9110, 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The header by which a browser application asks for cookies, and without which they are not looked at. */
const SESSION_HEADER = 'gatehouse-session';

interface InTokens {
  accessToken: string;
  refreshToken?: string;
}

/** What is answered to who asked for cookies: the same without the tokens. */
export type WithoutTokens<T extends InTokens> = Omit<T, keyof InTokens>;

/** An answer with tokens in it as it is described: for who asked for cookies, they are in those instead. */
export const orInCookies = <S extends z.ZodObject<{ accessToken: z.ZodString; refreshToken: z.ZodString }>>(
  view: S,
) => z.union([view, view.omit({ accessToken: true, refreshToken: true })]);

/**
 * Sessions of browser applications: the tokens are in cookies that no script reads. A request asks for that with the header
 * `Gatehouse-Session: cookie`, which no form can send, nor a script of an origin that is not allowed.
 */
@Injectable()
export class SessionCookies {
  private readonly origins: ReadonlySet<string>;

  constructor(http: HttpConfig) {
    // A pattern lets anybody read; it lets nobody act.
    const named = http.allowedOrigins.filter((origin) => !origin.includes('*'));
    this.origins = new Set([new URL(http.baseUrl).origin, ...named]);
  }

  /** Whether the caller wants its session in cookies. */
  isAsked(request: FastifyRequest): boolean {
    return request.headers[SESSION_HEADER] === 'cookie';
  }

  /**
   * Passes what changes nothing, and what a page of ours or of an allowed application sends. Throws 403
   * `ORIGIN_NOT_ALLOWED`: also where there is no Origin, which every browser sends with what changes something; and 403
   * `CROSS_SITE_SESSION` for a page of another site, whose browser would keep no cookie of ours: nobody is signed in
   * without effect.
   */
  mustComeFromOurs({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): void {
    const isOurs = headers.origin !== undefined && this.origins.has(headers.origin);
    if (!SAFE.has(method) && !isOurs)
      throw new DomainError(
        'forbidden',
        'ORIGIN_NOT_ALLOWED',
        'A session in cookies is for pages of this service and of ALLOWED_ORIGINS.',
      );
    if (headers['sec-fetch-site'] === 'cross-site')
      throw new DomainError(
        'forbidden',
        'CROSS_SITE_SESSION',
        'A session in cookies works on the site of BASE_URL only; keep tokens yourself, or serve the page there.',
      );
  }

  /** Puts tokens into the browser. A refresh token lasts as long as an idle session; its session may end before. */
  set(reply: FastifyReply, { accessToken, refreshToken }: InTokens): void {
    setCookie(reply, ACCESS, accessToken, ACCESS_TOKEN_SECONDS);
    if (refreshToken !== undefined) setCookie(reply, REFRESH, refreshToken, SESSION_IDLE_MS / 1_000);
  }

  /** Takes them out of it. */
  clear(reply: FastifyReply): void {
    clearCookie(reply, ACCESS);
    clearCookie(reply, REFRESH);
  }

  /** The answer as the caller asked for it: with the tokens in it, or in cookies instead. */
  deliver<T extends InTokens>(request: FastifyRequest, reply: FastifyReply, answer: T): T | WithoutTokens<T> {
    if (!this.isAsked(request)) return answer;
    this.set(reply, answer);
    const { accessToken: _access, refreshToken: _refresh, ...rest } = answer;
    return rest;
  }

  access(request: FastifyRequest): string | null {
    return cookieIn(request, ACCESS);
  }

  refresh(request: FastifyRequest): string | null {
    return cookieIn(request, REFRESH);
  }
}
