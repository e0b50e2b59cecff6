import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, newId } from '#platform';
import { MailTokensConfig } from '../accounts/accounts.config.js';
import { hashOfMailToken, type MailToken, mailToken } from '../accounts/mail-token.js';

export type MailPurpose =
  'verify_email' | 'reset_password' | 'change_email_old' | 'change_email_new' | 'link_identity';

const HOUR_MS = 3_600_000;
/** How long a mail's token is good, in ms: a reset or a link opens the account at once, the others take time to be read. */
const LIFETIME_MS: Record<MailPurpose, number> = {
  verify_email: 24 * HOUR_MS,
  reset_password: HOUR_MS / 2,
  change_email_old: 24 * HOUR_MS,
  change_email_new: 24 * HOUR_MS,
  link_identity: HOUR_MS / 2,
};

export interface LiveToken {
  purpose: MailPurpose;
  /** Of the address that the mail went to. */
  addressHash: Buffer;
}

const LIVE = `select purpose, address_hash as "addressHash" from identity.mail_tokens
  where user_id = $1 and id = $2 and hash = $3 and used_at is null and expires_at > $4`;

/** The tokens in mails to the actor's own person: hashed, used once, for a time. */
@Injectable()
export class MailTokens {
  constructor(
    private readonly db: Db,
    private readonly config: MailTokensConfig,
    private readonly clock: Clock,
  ) {}

  /** Makes one for the transaction's person; gives its id. Repeated with the same id it makes nothing. */
  async make(purpose: MailPurpose, addressHash: Buffer, id = newId('mtk')): Promise<string> {
    const now = this.clock.now();
    const userId = this.db.actor.id ?? '';
    const hash = hashOfMailToken(this.config.key, mailToken(this.config.key, userId, id));
    await this.db.query(
      `insert into identity.mail_tokens (user_id, id, purpose, hash, address_hash, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
      [userId, id, purpose, hash, addressHash, now, new Date(now.getTime() + LIFETIME_MS[purpose])],
    );
    return id;
  }

  /** What a token is good for, null when it is good for nothing. Does not use it up. */
  async look(actor: Actor, token: MailToken): Promise<LiveToken | null> {
    const [row] = await this.db.read<LiveToken & Record<string, unknown>>(actor, LIVE, this.keyOf(token));
    return row ?? null;
  }

  /** Uses a token up: of many at once, one gets it. */
  async use(token: MailToken): Promise<LiveToken | null> {
    const [row] = await this.db.query<LiveToken & Record<string, unknown>>(
      `update identity.mail_tokens set used_at = $4
       where user_id = $1 and id = $2 and hash = $3 and used_at is null and expires_at > $4
       returning purpose, address_hash as "addressHash"`,
      this.keyOf(token),
    );
    return row ?? null;
  }

  /** What the worker needs to write the mail: null when the token has been used, or has run out. */
  async pending(actor: Actor, id: string): Promise<(LiveToken & { token: MailToken }) | null> {
    const token = mailToken(this.config.key, actor.id ?? '', id);
    const live = await this.look(actor, token);
    return live && { ...live, token };
  }

  /** None of the person's tokens for `purposes` is good any more. */
  async revoke(purposes: readonly MailPurpose[]): Promise<void> {
    await this.db.query(
      'update identity.mail_tokens set used_at = $3 where user_id = $1 and purpose = any($2) and used_at is null',
      [this.db.actor.id, purposes, this.clock.now()],
    );
  }

  async forget(): Promise<void> {
    await this.db.query('delete from identity.mail_tokens where user_id = $1', [this.db.actor.id]);
  }

  private keyOf(token: MailToken): unknown[] {
    return [token.userId, token.tokenId, hashOfMailToken(this.config.key, token), this.clock.now()];
  }
}
