import { Injectable } from '@nestjs/common';
import { type Actor, DomainError } from '#platform';
import { API_KEY_PREFIX } from '../service-accounts/api-key.js';
import { AccessTokens, isOfService } from '../tokens/access-tokens.js';
import { EndSessions } from './end-sessions.js';
import { ManageApiKeys } from './manage-api-keys.js';

/**
 * RFC 7009: whoever has a token may end what it is good for. Those of a person belong to a session, and end with it
 * (S3-10); an API key ends itself, also by a stranger who found it. The hint is not needed: they look different.
 */
@Injectable()
export class RevokeToken {
  constructor(
    private readonly endSessions: EndSessions,
    private readonly accessTokens: AccessTokens,
    private readonly apiKeys: ManageApiKeys,
  ) {}

  /**
   * A token that nobody knows, or that is over, is answered like one that was revoked (RFC 7009, 2.2). `unsupported` for
   * the access token of a service account: it ends within the hour, or with the credential that it was given for.
   */
  async execute(actor: Actor, token: string): Promise<'revoked' | 'unsupported'> {
    if (token.startsWith('rft_')) {
      await this.endSessions.one(actor, { refreshToken: token });
      return 'revoked';
    }
    try {
      if (token.startsWith(API_KEY_PREFIX)) {
        await this.apiKeys.revokeByText(actor, token);
        return 'revoked';
      }
      const claims = await this.accessTokens.authenticate(token);
      if (isOfService(claims)) return 'unsupported';
      const { sub, sid, tenant_id: tenantId } = claims;
      await this.endSessions.byId(actor.as({ type: 'user', id: sub, tenantId, sessionId: sid }), sid);
    } catch (error) {
      if (!(error instanceof DomainError) || !['unauthenticated', 'not_found'].includes(error.kind))
        throw error;
    }
    return 'revoked';
  }
}
