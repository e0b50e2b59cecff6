import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { Actor, actorOf, unauthenticated } from '#platform';
import { API_KEY_PREFIX } from '../service-accounts/api-key.js';
import { SessionActivity } from '../sessions/session-activity.js';
import { type AccessClaims, AccessTokens, isOfService } from '../tokens/access-tokens.js';
import { ServiceBearers } from './service-bearers.js';
import { SessionCookies } from './session-cookies.js';

export const ACCESS_TOKEN = 'access-token';

const bearer = ExtractJwt.fromAuthHeaderAsBearerToken();

/**
 * The access token of a request, through our one verification path: passport-jwt's own verifier takes no EdDSA
 * and lets the token name its algorithm.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, ACCESS_TOKEN) {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly activity: SessionActivity,
    private readonly services: ServiceBearers,
    private readonly cookies: SessionCookies,
  ) {
    super({ jwtFromRequest: bearer, secretOrKeyProvider: (_request, _token, done) => done('not used') });
  }

  override authenticate(request: unknown): void {
    const token = this.tokenOf(request as FastifyRequest);
    if (!token) return this.error(unauthenticated('no bearer'));
    this.identify(actorOf(request as FastifyRequest), token).then(
      (actor) => {
        if (!token.startsWith(API_KEY_PREFIX))
          (request as FastifyRequest).mustStillStand = () => void this.tokens.verify(token);
        this.success(actor);
      },
      (error: Error) => this.error(error),
    );
  }

  /** What a request shows: its bearer, else the cookie, where it asks for that to be looked at. */
  private tokenOf(request: FastifyRequest): string | null {
    if (request.headers.authorization !== undefined) return bearer(request);
    return this.cookies.isAsked(request) ? this.cookies.access(request) : null;
  }

  /** Whose a token or API key is. Throws the one 401, 429 for an address that guesses at keys. */
  async identify(nobody: Actor, token: string): Promise<Actor> {
    if (token.startsWith(API_KEY_PREFIX)) return this.services.byKey(nobody, token);
    const claims = await this.tokens.authenticate(token);
    return isOfService(claims) ? this.services.byToken(nobody, claims) : this.validate(nobody, claims);
  }

  validate({ origin }: Actor, claims: AccessClaims): Actor {
    this.activity.note(claims.sid, origin.address);
    return new Actor({
      type: 'user',
      id: claims.sub,
      tenantId: claims.tenant_id,
      scopes: claims.scopes,
      sessionId: claims.sid,
      licenseId: claims.license_id,
      emailVerified: claims.email_verified,
      authTime: new Date(claims.auth_time * 1_000),
      amr: claims.amr,
      origin,
    });
  }
}
