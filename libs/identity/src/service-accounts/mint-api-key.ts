import { Injectable } from '@nestjs/common';
import { Clock, DomainError, newId, RuntimeConfig } from '#platform';
import { ApiKey } from '../domain/api-key.js';
import type { Maker } from '../domain/scoped-aggregate.js';
import type { ServiceAccount } from '../domain/service-account.js';
import { ServiceAccounts } from '../persistence/service-accounts.js';
import { formatApiKey, hashOfApiKey, newApiKey } from './api-key.js';
import { ServiceAccountsConfig } from './service-accounts.config.js';

/** More than a change of keys everywhere needs; a program that makes keys in a loop must stop somewhere. */
const MAX_LIVE_KEYS = 20;
const HINT_LENGTH = 4;

export interface NewKey {
  name: string;
  scopes: string[];
  /** undefined: as long as AUTH_API_KEY_DAYS says; null: without an end. */
  expiresAt?: Date | null;
  by: Maker;
}

/** A key that was made, and the only time that its text is there. */
export interface MintedKey {
  key: ApiKey;
  text: string;
}

/** Makes keys of an account that the transaction around it has locked. */
@Injectable()
export class MintApiKey {
  constructor(
    private readonly accounts: ServiceAccounts,
    private readonly config: ServiceAccountsConfig,
    private readonly runtime: RuntimeConfig,
    private readonly clock: Clock,
  ) {}

  /** Throws 409 `API_KEYS_EXHAUSTED`, 422 `SCOPE_NOT_GRANTED`, 422 `EXPIRY_PASSED`. */
  async execute(account: ServiceAccount, wish: NewKey): Promise<MintedKey> {
    const now = this.clock.now();
    const foreign = wish.scopes.find((scope) => !account.scopes.includes(scope));
    if (foreign) {
      throw new DomainError(
        'invalid',
        'SCOPE_NOT_GRANTED',
        `The service account does not have the scope ${foreign}.`,
        {
          details: { scope: foreign },
        },
      );
    }
    if (wish.expiresAt && wish.expiresAt <= now)
      throw new DomainError('invalid', 'EXPIRY_PASSED', 'What is to end has to end in the future.');
    if ((await this.accounts.liveKeys(account.id, now)) >= MAX_LIVE_KEYS) {
      throw new DomainError(
        'conflict',
        'API_KEYS_EXHAUSTED',
        'There are as many keys as there can be; revoke one.',
        {
          details: { max: MAX_LIVE_KEYS },
        },
      );
    }

    const [pepper] = this.config.peppers;
    if (!pepper) throw new Error('There is no pepper for API keys.');
    const parts = newApiKey(account.tenantId, newId('key'));
    const text = formatApiKey(parts, this.runtime.env === 'production' ? 'live' : 'test');
    const { name, scopes, by } = wish;
    const key = ApiKey.create(
      {
        ...{ tenantId: account.tenantId, id: parts.keyId, serviceAccountId: account.id, name, scopes, by },
        hash: hashOfApiKey(pepper.key, parts),
        pepper: pepper.version,
        hint: text.slice(-HINT_LENGTH),
        expiresAt:
          wish.expiresAt === undefined
            ? new Date(now.getTime() + this.config.keyDays * 86_400_000)
            : wish.expiresAt,
      },
      now,
    );
    await this.accounts.insertKey(key);
    return { key, text };
  }
}
