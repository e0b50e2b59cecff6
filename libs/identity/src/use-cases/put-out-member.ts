import { Injectable } from '@nestjs/common';
import { Clock } from '#platform';
import type { ServiceAccount } from '../domain/service-account.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { ServiceAccounts } from '../persistence/service-accounts.js';
import { ApiKeys } from '../service-accounts/api-keys.js';
import { SessionNews } from '../sessions/session-news.js';
import { type OutdatedTokens, OutdateTokens } from './outdate-tokens.js';

/** What ended with a membership, to be told once it is true. */
export interface PutOut {
  sessionIds: readonly string[];
  outdated: OutdatedTokens;
  /** Service accounts that lost a key. */
  accounts: readonly ServiceAccount[];
}

/**
 * Somebody is no member of a tenant any more: they are signed out there, and the API keys that they made there end, and
 * the public keys that they gave, with the access tokens that were given for them. Keys that others made or gave, also
 * service accounts by themselves, and service accounts, are the organisation's.
 */
@Injectable()
export class PutOutMember {
  constructor(
    private readonly sessions: AuthSessions,
    private readonly serviceAccounts: ServiceAccounts,
    private readonly outdateTokens: OutdateTokens,
    private readonly apiKeys: ApiKeys,
    private readonly news: SessionNews,
    private readonly clock: Clock,
  ) {}

  /**
   * Inside the transaction that ends the membership, of the tenant; whoever acts, and is named in the trail. A session that
   * begins at the same time gets no access token that is good, and ends with its first refresh.
   */
  async begin(userId: string): Promise<PutOut> {
    const now = this.clock.now();
    const outdated = await this.outdateTokens.begin([userId]);
    const sessions = await this.sessions.lockAllOf(userId);
    await this.sessions.endAll(sessions, 'membership_ended', now);
    return { sessionIds: sessions.map(({ id }) => id), outdated, accounts: await this.endKeys(userId, now) };
  }

  /**
   * Inside the transaction that gives them another role, or theirs other scopes: sessions go on, with access tokens anew.
   * API keys that they made there end, too, unless they may do all that they might before.
   */
  async changeRole(userId: string, { keepKeys }: { keepKeys: boolean }): Promise<PutOut> {
    const outdated = await this.outdateTokens.begin([userId]);
    const accounts = keepKeys ? [] : await this.endKeys(userId, this.clock.now());
    return { sessionIds: [], outdated, accounts };
  }

  /** Inside the transaction that deletes their account, of each tenant of theirs: the sessions end with the account. */
  async forget(userId: string): Promise<PutOut> {
    return this.changeRole(userId, { keepKeys: false });
  }

  /** After the commit: tells every process at once, as far as Redis is there; within two seconds they know without. */
  finish({ sessionIds, outdated, accounts }: PutOut): void {
    this.news.tell(sessionIds);
    this.outdateTokens.finish(outdated);
    this.apiKeys.changed(accounts);
  }

  private async endKeys(userId: string, now: Date): Promise<ServiceAccount[]> {
    const accounts: ServiceAccount[] = [];
    for (const id of await this.serviceAccounts.withCredentialsOf(userId)) {
      const account = await this.serviceAccounts.lock(id);
      const keys = await this.serviceAccounts.liveKeysMadeBy(id, userId);
      for (const key of keys) {
        key.revoke(now);
        await this.serviceAccounts.saveKey(key);
      }
      if (keys.length > 0) account.endTokens();
      account.endKeysOf(userId, now);
      await this.serviceAccounts.save(account);
      accounts.push(account);
    }
    return accounts;
  }
}
