import { Injectable } from '@nestjs/common';
import { type MemberEpoch, TokenEpochs } from '../persistence/token-epochs.js';
import { SessionNews } from '../sessions/session-news.js';

/** Whose tokens, to be told once it is true. */
export type OutdatedTokens = readonly MemberEpoch[];

/**
 * What access tokens of these people say of a tenant holds no more (a role, the scopes of one): each is refused with the
 * one 401, its owner refreshes, and gets what holds. Their sessions go on. See docs/decisions/sessions.md.
 */
@Injectable()
export class OutdateTokens {
  constructor(
    private readonly epochs: TokenEpochs,
    private readonly news: SessionNews,
  ) {}

  /**
   * Inside the transaction that makes it so, of the tenant; whoever acts. Every process finds it within two seconds of the
   * commit, whatever becomes of this one.
   */
  async begin(userIds: readonly string[]): Promise<OutdatedTokens> {
    return userIds.length === 0 ? [] : this.epochs.raise(userIds);
  }

  /** After the commit: tells every process at once, as far as Redis is there. */
  finish(outdated: OutdatedTokens): void {
    this.news.tellOutdated(outdated);
  }
}
