import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { Actor, originOf, unauthenticated } from '#platform';
import { type AccessClaims, AccessTokens } from '../tokens/access-tokens.js';

export const ACCESS_TOKEN = 'access-token';

const bearer = ExtractJwt.fromAuthHeaderAsBearerToken();

/**
 * The access token of a request, through our one verification path: passport-jwt's own verifier takes no EdDSA
 * and lets the token name its algorithm.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, ACCESS_TOKEN) {
  constructor(private readonly tokens: AccessTokens) {
    super({ jwtFromRequest: bearer, secretOrKeyProvider: (_request, _token, done) => done('not used') });
  }

  override authenticate(request: unknown): void {
    const token = bearer(request as never);
    try {
      if (!token) throw unauthenticated('no bearer');
      this.success(this.validate(request as FastifyRequest, this.tokens.verify(token)));
    } catch (error) {
      this.error(error as Error);
    }
  }

  validate(request: FastifyRequest, claims: AccessClaims): Actor {
    return new Actor({
      type: 'user',
      id: claims.sub,
      tenantId: claims.tenant_id,
      scopes: claims.scopes,
      sessionId: claims.sid,
      licenseId: claims.license_id,
      emailVerified: claims.email_verified,
      origin: originOf(request),
    });
  }
}
