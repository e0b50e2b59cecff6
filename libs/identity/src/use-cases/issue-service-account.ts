import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, Clock, Db, DomainError, GuessLimit, HttpConfig, unauthenticated } from '#platform';
import type { ServiceAccount } from '../domain/service-account.js';
import { tenantSuspended } from '../domain/session-policy.js';
import { canonicalOf, type IssueRequest, type SignedIssueRequest } from '../issuing/issue-request.js';
import { RequestSigner } from '../issuing/request-signer.js';
import { NONCE_MAX_SECONDS, Nonces } from '../nonces/nonces.js';
import { MintApiKey, type MintedKey } from '../service-accounts/mint-api-key.js';
import { mustHold } from '../service-accounts/scopes.js';
import { Standings } from '../service-accounts/service-standing.js';
import { CreateServiceAccount } from './create-service-account.js';

/** Clocks that differ, in seconds. A request holds for what is left of the time that its nonce is kept. */
const AHEAD = 60;
const OLDEST = NONCE_MAX_SECONDS - AHEAD;

/** A service account with its first key, for whoever has the signature of the operators' key and no person (S2-48). */
@Injectable()
export class IssueServiceAccount {
  constructor(
    private readonly db: Db,
    @Inject(RequestSigner) private readonly signer: RequestSigner | null,
    private readonly nonces: Nonces,
    private readonly standings: Standings,
    private readonly create: CreateServiceAccount,
    private readonly mint: MintApiKey,
    private readonly guesses: GuessLimit,
    private readonly http: HttpConfig,
    private readonly clock: Clock,
  ) {}

  /** A request that can be sent. Throws 403 `ISSUING_NOT_CONFIGURED`, 503 when the key cannot be used. */
  async sign(request: z.output<typeof IssueRequest>): Promise<z.output<typeof SignedIssueRequest>> {
    return { ...request, signature: await this.configured().sign(canonicalOf(this.http.baseUrl, request)) };
  }

  /**
   * Throws 403 `ISSUING_NOT_CONFIGURED`, the one 401 for a bad or old signature and for one that was used, 404 without
   * such a tenant, 403 `TENANT_SUSPENDED` or `MISSING_SCOPE`, 409, 422 `EXPIRY_PASSED`, 429, 503.
   */
  async execute(
    actor: Actor,
    { signature, ...request }: z.output<typeof SignedIssueRequest>,
  ): Promise<MintedKey & { account: ServiceAccount }> {
    const signer = this.configured();
    await this.accept(actor, signer, request, signature);
    const { tenantId, name, scopes, keyExpiresAt: expiresAt } = request;
    const issuer = actor.as({ type: 'system', id: `${signer.name}-signature`, tenantId });
    const standing = await this.standings.get(issuer);
    if (standing.tenant.status === 'suspended') throw tenantSuspended();
    mustHold(issuer.as({ scopes: standing.ceiling }), scopes, standing.ceiling);

    const by = { type: issuer.type, id: issuer.id };
    return this.db.transaction(issuer, async () => {
      const account = await this.create.make({ name, scopes }, by);
      const minted = await this.mint.execute(account, { name: 'First key', scopes, expiresAt, by });
      return { ...minted, account };
    });
  }

  private async accept(
    actor: Actor,
    signer: RequestSigner,
    request: z.output<typeof IssueRequest>,
    signature: string,
  ): Promise<void> {
    const { address } = actor.origin;
    this.guesses.check(address, 'issue_signature');
    const age = (this.clock.now().getTime() - request.issuedAt.getTime()) / 1000;
    if (age > OLDEST || age < -AHEAD) throw unauthenticated('signed too long ago, or in the future');
    if (!(await signer.verify(canonicalOf(this.http.baseUrl, request), signature))) {
      await this.guesses.miss(address, 'issue_signature');
      throw unauthenticated('bad signature');
    }
    if (!(await this.nonces.use('issue', request.nonce, NONCE_MAX_SECONDS)))
      throw unauthenticated('nonce used before');
  }

  private configured(): RequestSigner {
    if (this.signer) return this.signer;
    throw new DomainError(
      'forbidden',
      'ISSUING_NOT_CONFIGURED',
      'No key is configured whose signature makes service accounts.',
    );
  }
}
