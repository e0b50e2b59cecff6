import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, idOf } from '#platform';
import type { ApiKey } from '../domain/api-key.js';
import { ServiceAccounts } from '../persistence/service-accounts.js';
import { ApiKeys } from '../service-accounts/api-keys.js';
import { Instant } from '../service-accounts/instant.js';
import { Makers } from '../service-accounts/makers.js';
import { MintApiKey, type MintedKey } from '../service-accounts/mint-api-key.js';
import { mustHandOut, mustHold, mustManage, ScopesInput } from '../service-accounts/scopes.js';
import { Standings } from '../service-accounts/service-standing.js';
import { ServiceAccountName } from './create-service-account.js';

const DAY_SECONDS = 86_400;

export const ApiKeyParams = z.strictObject({ serviceAccountId: idOf('svc'), keyId: idOf('key') });

/** Null: without an end. */
const ExpiresAt = Instant.nullable().optional().meta({ example: '2027-11-22T10:15:30.000Z' });

export const CreateApiKeyInput = z.strictObject({
  name: ServiceAccountName.meta({ example: 'Server 1' }),
  /** All that the service account has, unless given. */
  scopes: ScopesInput.optional(),
  expiresAt: ExpiresAt,
});

export const RotateApiKeyInput = z.strictObject({
  /** For so long the old key works on: until everything has the new one. */
  overlapSeconds: z
    .int()
    .min(0)
    .max(30 * DAY_SECONDS)
    .default(DAY_SECONDS),
  expiresAt: ExpiresAt,
});

/** The API keys of service accounts; every process knows of a change within two seconds. */
@Injectable()
export class ManageApiKeys {
  constructor(
    private readonly db: Db,
    private readonly accounts: ServiceAccounts,
    private readonly mint: MintApiKey,
    private readonly makers: Makers,
    private readonly standings: Standings,
    private readonly apiKeys: ApiKeys,
    private readonly clock: Clock,
  ) {}

  /**
   * A key, its text this one time. Throws 403 `MISSING_SCOPE`, also for a scope that the actor does not have to give,
   * or `EMAIL_NOT_VERIFIED`, 404, 409 `API_KEYS_EXHAUSTED`, 422 `SCOPE_NOT_GRANTED`, 422 `EXPIRY_PASSED`.
   */
  async create(actor: Actor, id: string, input: z.output<typeof CreateApiKeyInput>): Promise<MintedKey> {
    mustHandOut(actor);
    const { ceiling } = await this.standings.get(actor);
    return this.db.transaction(actor, async () => {
      const present = await this.makers.hold(actor);
      const account = await this.accounts.lock(id);
      const scopes = input.scopes ?? account.scopes;
      mustHold(present, scopes, ceiling);
      return this.mint.execute(account, { ...input, scopes, by: { type: actor.type, id: actor.id } });
    });
  }

  /**
   * A key in the place of another, which works on for a while. Throws as {@link create}, and 409 `API_KEY_ENDED`.
   */
  async rotate(
    actor: Actor,
    { serviceAccountId, keyId }: z.output<typeof ApiKeyParams>,
    input: z.output<typeof RotateApiKeyInput>,
  ): Promise<MintedKey & { old: ApiKey }> {
    mustHandOut(actor);
    const { ceiling } = await this.standings.get(actor);
    const rotated = await this.db.transaction(actor, async () => {
      const present = await this.makers.hold(actor);
      const account = await this.accounts.lock(serviceAccountId);
      const old = await this.accounts.key(serviceAccountId, keyId);
      // What the account has lost meanwhile, the new key does not get back.
      const scopes = old.scopes.filter((scope) => account.scopes.includes(scope));
      mustHold(present, scopes, ceiling);
      const { name } = old;
      const expiresAt = input.expiresAt === undefined ? this.sameLifetime(old) : input.expiresAt;
      const by = { type: actor.type, id: actor.id };
      const minted = await this.mint.execute(account, { name, scopes, expiresAt, by });
      old.replace(minted.key.id, input.overlapSeconds, this.clock.now());
      await this.accounts.saveKey(old);
      if (input.overlapSeconds === 0) {
        account.endTokens();
        await this.accounts.save(account);
      }
      return { ...minted, old, account };
    });
    this.apiKeys.changed([rotated.account]);
    return rotated;
  }

  /** Ends a key, and the access tokens of its account. Repeatable. Throws 403 `MISSING_SCOPE`, 404. */
  async revoke(actor: Actor, { serviceAccountId, keyId }: z.output<typeof ApiKeyParams>): Promise<void> {
    mustManage(actor);
    await this.end(actor, serviceAccountId, keyId);
  }

  /** By whoever has it, found it or was sent it. Throws the one 401 for what is no key, 404 for what was deleted. */
  async revokeByText(actor: Actor, text: string): Promise<void> {
    const { account, keyId } = (await this.apiKeys.find(actor, text)).row;
    await this.end(
      actor.as({ type: 'service', id: account.id, tenantId: account.tenantId }),
      account.id,
      keyId,
    );
  }

  private async end(actor: Actor, serviceAccountId: string, keyId: string): Promise<void> {
    const ended = await this.db.transaction(actor, async () => {
      const account = await this.accounts.lock(serviceAccountId);
      const key = await this.accounts.key(serviceAccountId, keyId);
      if (!key.revoke(this.clock.now())) return account;
      account.endTokens();
      await this.accounts.saveKey(key);
      await this.accounts.save(account);
      return account;
    });
    this.apiKeys.changed([ended]);
  }

  /** As long as the key before it was made for; that of one which was replaced is not known any more. */
  private sameLifetime({ expiresAt, createdAt, replacedBy }: ApiKey): Date | null | undefined {
    if (replacedBy) return undefined;
    return expiresAt && new Date(this.clock.now().getTime() + expiresAt.getTime() - createdAt.getTime());
  }
}
