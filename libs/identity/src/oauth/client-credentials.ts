import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, occurred } from '#platform';
import { ServiceTokenIssued } from '../events/index.js';
import { ACCESS_TOKEN_SECONDS, AccessTokens } from '../tokens/access-tokens.js';
import type { Client } from './client-authentication.js';
import { OauthRefusal } from './oauth-refusal.js';
import type { TokenAnswer } from './program-grants.js';

/** What a grant is given: who asks, and the form. */
export interface GrantRequest {
  client: Client;
  scope?: string;
}

/** One way to an access token for a client that authenticates; see {@link AnswerTokenRequest}. */
export interface Grant {
  readonly type: string;
  readonly isPublic: false;
  execute(actor: Actor, request: GrantRequest): Promise<TokenAnswer>;
}

/** RFC 6749, 4.4: a service account in its own name. It has a credential, so it gets no refresh token. */
@Injectable()
export class ClientCredentials implements Grant {
  readonly type = 'client_credentials';
  readonly isPublic = false;

  constructor(
    private readonly db: Db,
    private readonly tokens: AccessTokens,
    private readonly clock: Clock,
  ) {}

  /** Throws `invalid_scope`, 503 `UNAVAILABLE` when nothing can be signed. */
  async execute(actor: Actor, { client, scope }: GrantRequest): Promise<TokenAnswer> {
    const { account, standing, method, credential } = client;
    const scopes = scope === undefined ? client.scopes : [...new Set(scope.split(' ').filter(Boolean))];
    if (scopes.length === 0 || scopes.some((one) => !client.scopes.includes(one))) {
      throw new OauthRefusal('invalid_scope', 'The credential does not have every scope that is asked for.');
    }
    const now = this.clock.now();
    const expiresIn = Math.min(ACCESS_TOKEN_SECONDS, secondsUntil(client.expiresAt, now));
    const { tenant, license } = standing;
    const accessToken = await this.tokens.issueForService(
      {
        sub: account.id,
        client_id: account.id,
        epoch: account.epoch,
        tenant_id: account.tenantId,
        org_id: null,
        tier: license?.tier ?? 'FREE',
        scopes,
        license_id: license?.id ?? null,
        max_seats: tenant.maxSeats,
        // RFC 8176 has no value for either; these are the names of OAuth.
        amr: [method],
        auth_time: Math.floor(now.getTime() / 1000),
      },
      expiresIn,
    );
    const service = actor.as({ type: 'service', id: account.id, tenantId: account.tenantId });
    const told = { serviceAccountId: account.id, method, credential, scopes };
    await this.db.transaction(service, async () => this.db.record([occurred(ServiceTokenIssued, told, now)]));
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: expiresIn,
      scope: scopes.join(' '),
    };
  }
}

/** At least one: a credential that has ended does not come this far. */
const secondsUntil = (end: Date | null, now: Date) =>
  end ? Math.max(1, Math.floor((end.getTime() - now.getTime()) / 1000)) : Infinity;
