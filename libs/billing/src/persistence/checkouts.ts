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

/** Which one: the next may be for the same, and has another end. */
export type PageRef = Pick<Checkout, 'digest' | 'expiresAt'>;

/** What Stripe is asked for; under one key always the same. */
export interface CheckoutParams extends Record<string, unknown> {
  customer: string;
  /** `quantity` null: Stripe counts what is used. */
  items: { priceId: string; quantity: number | null }[];
  trialDays: number;
  /** At Stripe; null: none. Left out in pages of an earlier release. */
  coupon?: string | null;
  collectsTaxIds?: boolean;
  successUrl: string;
  cancelUrl: string;
  /** Seconds since 1970. */
  expiresAt: number;
  takesPromotionCodes: boolean;
  collectsTax: boolean;
}

/** The checkouts that nobody has closed, one for a tenant. Whoever writes has locked the account. */
@Injectable()
export class Checkouts {
  constructor(private readonly db: Db) {}

  /** The tenant's one, also when its time is over: nobody has looked yet what became of it. */
  async get(): Promise<Checkout | null> {
    const [row] = await this.db.query<Checkout & { [column: string]: unknown }>(
      `select digest, params, session_id as "sessionId", url, expires_at as "expiresAt"
       from billing.checkouts where tenant_id = $1`,
      [this.db.actor.tenantId],
    );
    return row ?? null;
  }

  /** Where there is none. */
  async put(digest: string, params: CheckoutParams): Promise<void> {
    await this.db.query(
      `insert into billing.checkouts (tenant_id, digest, params, expires_at) values ($1, $2, $3, to_timestamp($4))`,
      [this.db.actor.tenantId, digest, JSON.stringify(params), params.expiresAt],
    );
  }

  async opened(page: PageRef, session: { id: string; url: string | null }): Promise<void> {
    await this.db.query(
      `update billing.checkouts set session_id = $4, url = $5
       where tenant_id = $1 and digest = $2 and expires_at = $3`,
      [this.db.actor.tenantId, page.digest, page.expiresAt, session.id, session.url],
    );
  }

  /** It is over: paid, run out, or not wanted any more. Left out: whichever there is. */
  async close(actor: Actor, page?: PageRef): Promise<void> {
    await this.db.transaction(actor, () =>
      this.db.query(
        `delete from billing.checkouts
         where tenant_id = $1 and digest = coalesce($2, digest) and expires_at = coalesce($3, expires_at)`,
        [actor.tenantId, page?.digest ?? null, page?.expiresAt ?? null],
      ),
    );
  }
}
