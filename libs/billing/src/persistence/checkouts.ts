import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';

/** The page where a tenant pays, while it is open. */
export interface Checkout {
  /** Of what is bought there. */
  digest: string;
  params: CheckoutParams;
  /** null: Stripe has not told it yet. */
  sessionId: string | null;
  url: string | null;
  expiresAt: Date;
}

/** What Stripe is asked for; under one key always the same. */
export interface CheckoutParams extends Record<string, unknown> {
  customer: string;
  items: { priceId: string; quantity: number }[];
  trialDays: number;
  successUrl: string;
  cancelUrl: string;
  /** Seconds since 1970. */
  expiresAt: number;
  takesPromotionCodes: boolean;
  collectsTax: boolean;
}

/** The open checkouts, one for a tenant. Whoever writes has locked the account. */
@Injectable()
export class Checkouts {
  constructor(private readonly db: Db) {}

  async open(now: Date): Promise<Checkout | null> {
    const [row] = await this.db.query<Checkout & { [column: string]: unknown }>(
      `select digest, params, session_id as "sessionId", url, expires_at as "expiresAt"
       from billing.checkouts where tenant_id = $1 and expires_at > $2`,
      [this.db.actor.tenantId, now],
    );
    return row ?? null;
  }

  /** In the place of one that is over. */
  async put(digest: string, params: CheckoutParams): Promise<void> {
    await this.db.query(
      `insert into billing.checkouts (tenant_id, digest, params, expires_at) values ($1, $2, $3, to_timestamp($4))
       on conflict (tenant_id) do update set digest = excluded.digest, params = excluded.params,
         session_id = null, url = null, expires_at = excluded.expires_at`,
      [this.db.actor.tenantId, digest, JSON.stringify(params), params.expiresAt],
    );
  }

  async opened(digest: string, session: { id: string; url: string | null }): Promise<void> {
    await this.db.query(
      'update billing.checkouts set session_id = $3, url = $4 where tenant_id = $1 and digest = $2',
      [this.db.actor.tenantId, digest, session.id, session.url],
    );
  }

  /** It is over: paid, run out, or not wanted any more. */
  async close(actor: Actor, digest?: string): Promise<void> {
    await this.db.transaction(actor, () =>
      this.db.query('delete from billing.checkouts where tenant_id = $1 and digest = coalesce($2, digest)', [
        actor.tenantId,
        digest ?? null,
      ]),
    );
  }
}
