import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Actor, originOf } from '#platform';
import { ApiKeys } from '../service-accounts/api-keys.js';
import { ServiceActivity } from '../service-accounts/service-activity.js';
import { stillAllowed } from '../service-accounts/service-standing.js';
import type { ServiceAccessClaims } from '../tokens/access-tokens.js';

/** Who calls in the name of a service account: by its API key, or by an access token that it got for one. */
@Injectable()
export class ServiceBearers {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly activity: ServiceActivity,
  ) {}

  /** Throws the one 401, 429 for an address that guesses. */
  async byKey(request: FastifyRequest, text: string): Promise<Actor> {
    const origin = originOf(request);
    const { row, standing } = await this.apiKeys.authenticate(Actor.anonymous(origin), text);
    const { account } = row;
    this.activity.note(account.tenantId, account.id, row.keyId);
    return new Actor({
      type: 'service',
      id: account.id,
      tenantId: account.tenantId,
      scopes: stillAllowed(standing, row.keyScopes, account.scopes),
      licenseId: standing.license?.id ?? null,
      origin,
    });
  }

  byToken(request: FastifyRequest, claims: ServiceAccessClaims): Actor {
    this.activity.note(claims.tenant_id, claims.sub);
    return new Actor({
      type: 'service',
      id: claims.sub,
      tenantId: claims.tenant_id,
      scopes: claims.scopes,
      licenseId: claims.license_id,
      origin: originOf(request),
    });
  }
}
