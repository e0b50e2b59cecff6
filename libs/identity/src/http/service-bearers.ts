import { Injectable } from '@nestjs/common';
import { Actor } from '#platform';
import { ApiKeys } from '../service-accounts/api-keys.js';
import { ServiceActivity } from '../service-accounts/service-activity.js';
import type { ServiceAccessClaims } from '../tokens/access-tokens.js';

/** Who calls in the name of a service account: by its API key, or by an access token that it got for one. */
@Injectable()
export class ServiceBearers {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly activity: ServiceActivity,
  ) {}

  /** Throws the one 401, 429 for an address that guesses. */
  async byKey(nobody: Actor, text: string): Promise<Actor> {
    const { row, standing, scopes } = await this.apiKeys.authenticate(nobody, text);
    const { account } = row;
    this.activity.note(account.tenantId, account.id, row.keyId);
    return new Actor({
      type: 'service',
      id: account.id,
      tenantId: account.tenantId,
      scopes,
      licenseId: standing.license?.id ?? null,
      origin: nobody.origin,
    });
  }

  byToken({ origin }: Actor, claims: ServiceAccessClaims): Actor {
    this.activity.note(claims.tenant_id, claims.sub);
    return new Actor({
      type: 'service',
      id: claims.sub,
      tenantId: claims.tenant_id,
      scopes: claims.scopes,
      licenseId: claims.license_id,
      origin,
    });
  }
}
