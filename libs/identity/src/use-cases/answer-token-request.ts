import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { ClientAuthentication } from '../oauth/client-authentication.js';
import { ClientCredentials, type Grant } from '../oauth/client-credentials.js';
import { CodeGrant } from '../oauth/code-grant.js';
import { DeviceGrant } from '../oauth/device-grant.js';
import { ExchangeGrant } from '../oauth/exchange-grant.js';
import { invalidClient, OauthRefusal } from '../oauth/oauth-refusal.js';
import { type ProgramGrant, readProgram, type TokenAnswer } from '../oauth/program-grants.js';
import { RefreshGrant } from '../oauth/refresh-grant.js';
import { readClientProof, readTokenForm } from '../oauth/token-request.js';

/**
 * RFC 6749, 3.2: who asks is found out first, then the grant decides what they get: a service account authenticates, a
 * program of a person's is known by its id alone. Another grant is a class beside these and its name in the list.
 */
@Injectable()
export class AnswerTokenRequest {
  private readonly grants: ReadonlyMap<string, Grant | ProgramGrant>;

  constructor(
    private readonly authenticate: ClientAuthentication,
    clientCredentials: ClientCredentials,
    code: CodeGrant,
    device: DeviceGrant,
    refresh: RefreshGrant,
    exchange: ExchangeGrant,
  ) {
    const all = [clientCredentials, code, device, refresh, exchange];
    this.grants = new Map(all.map((grant) => [grant.type, grant]));
  }

  get grantTypes(): string[] {
    return [...this.grants.keys()];
  }

  /** Throws {@link OauthRefusal}; 429 `RATE_LIMITED` and 503 `UNAVAILABLE` leave in our envelope. */
  async execute(actor: Actor, authorization: string | undefined, body: unknown): Promise<TokenAnswer> {
    const form = readTokenForm(body);
    const grant = this.grants.get(form.grant_type);
    if (!grant)
      throw new OauthRefusal('unsupported_grant_type', `grant_type has to be ${this.grantTypes.join(', ')}.`);
    if (grant.isPublic) return grant.execute(actor, readProgram(authorization, form), form);
    const proof = readClientProof(authorization, form);
    if (!proof) throw invalidClient('no way of authentication that can be read');
    const client = await this.authenticate.execute(actor, proof);
    return grant.execute(actor, { client, scope: form.scope });
  }
}
