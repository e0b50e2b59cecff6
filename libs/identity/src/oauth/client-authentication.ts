import { Injectable } from '@nestjs/common';
import { type Actor, DomainError, GuessLimit, unauthenticated } from '#platform';
import { SuspendedTenants } from '#tenancy';
import { type AccountRow, ServiceCredentials } from '../persistence/service-credentials.js';
import { ApiKeys } from '../service-accounts/api-keys.js';
import { ServiceActivity } from '../service-accounts/service-activity.js';
import { type ServiceStanding, Standings, stillAllowed } from '../service-accounts/service-standing.js';
import { ClientAssertions } from './client-assertion.js';
import { invalidClient } from './oauth-refusal.js';
import type { ClientProof } from './token-request.js';

/** A client that has shown who it is. */
export interface Client {
  account: AccountRow;
  standing: ServiceStanding;
  method: ClientProof['method'];
  /** The id of the API key, or the kid of the public key. */
  credential: string;
  /** What it may ask for with that credential. */
  scopes: string[];
  /** When the credential ends, if it does. */
  expiresAt: Date | null;
}

/** Who asks at the token endpoint. The clients are service accounts; an API key of theirs is the client's secret. */
@Injectable()
export class ClientAuthentication {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly credentials: ServiceCredentials,
    private readonly standings: Standings,
    private readonly assertions: ClientAssertions,
    private readonly activity: ServiceActivity,
    private readonly guesses: GuessLimit,
    private readonly suspended: SuspendedTenants,
  ) {}

  /** Throws `invalid_client`, 429 `RATE_LIMITED` for an address that guesses, 503 `UNAVAILABLE`. */
  async execute(actor: Actor, proof: ClientProof): Promise<Client> {
    const client =
      proof.method === 'client_secret'
        ? await this.bySecret(actor, proof.clientId, proof.secret)
        : await this.byAssertion(actor, proof.clientId, proof.assertion);
    const { account, method, credential } = client;
    this.activity.note(account.tenantId, account.id, method === 'client_secret' ? credential : undefined);
    return client;
  }

  private async bySecret(actor: Actor, clientId: string, secret: string): Promise<Client> {
    try {
      const { row, standing, scopes } = await this.apiKeys.authenticate(actor, secret);
      if (row.account.id !== clientId) throw unauthenticated('the key of another client');
      const { account, keyId: credential, expiresAt } = row;
      if (this.suspended.has(account.tenantId)) throw unauthenticated('tenant suspended');
      return { account, standing, method: 'client_secret', credential, scopes, expiresAt };
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind !== 'unauthenticated') throw error;
      throw invalidClient(String(error.cause));
    }
  }

  private async byAssertion(actor: Actor, clientId: string | undefined, text: string): Promise<Client> {
    this.guesses.check(actor.origin.address, 'api_key');
    const assertion = this.assertions.read(text);
    const { iss } = assertion.claims;
    if (clientId !== undefined && clientId !== iss) throw invalidClient('client_id is not iss');
    const account = await this.credentials.account(actor, iss);
    if (!account) {
      await this.guesses.miss(actor.origin.address, 'api_key');
      throw invalidClient('unknown client');
    }
    const key = await this.assertions.accept(assertion, account.jwks);
    if (account.status !== 'active') throw invalidClient(`service account ${account.status}`);
    const standing = await this.standings.of(actor.as({ tenantId: account.tenantId }));
    if (!standing || standing.tenant.status === 'suspended') throw invalidClient('tenant suspended or gone');
    const scopes = stillAllowed(standing, account.scopes);
    return { account, standing, method: 'private_key_jwt', credential: key.kid, scopes, expiresAt: null };
  }
}
