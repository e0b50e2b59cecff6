import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '#platform';

/** What is kept of Stripe's words and ours after it is over; of every tenant. */
@Injectable()
export class StripeLeftovers {
  constructor(private readonly database: SystemDatabase) {}

  /** Forgets events that were settled before, up to `limit` of them; true: there may be more. What was parked stays. */
  forgetEvents(before: Date, limit: number): Promise<boolean> {
    return this.forget(
      `delete from billing.stripe_events where id in (
         select id from billing.stripe_events where status in ('applied', 'ignored') and settled_at < $1
         order by settled_at limit $2) and status in ('applied', 'ignored') returning 1`,
      before,
      limit,
    );
  }

  /** Forgets what we asked Stripe to do and know the end of. Like {@link forgetEvents}. */
  forgetWrites(before: Date, limit: number): Promise<boolean> {
    return this.forget(
      `delete from billing.stripe_writes where (tenant_id, id) in (
         select tenant_id, id from billing.stripe_writes where outcome is not null and ended_at < $1
         order by ended_at limit $2) returning 1`,
      before,
      limit,
    );
  }

  /**
   * Forgets what the product asked for itself, also what nobody knows the end of: Stripe has forgotten its key. Like
   * {@link forgetEvents}.
   */
  forgetProductWrites(before: Date, limit: number): Promise<boolean> {
    return this.forget(
      `delete from billing.product_writes where id in (
         select id from billing.product_writes where coalesce(ended_at, begun_at) < $1
         order by coalesce(ended_at, begun_at) limit $2) returning 1`,
      before,
      limit,
    );
  }

  /** Forgets what has followed from changes. Like {@link forgetEvents}. */
  /** Not that they have it: of that nothing else tells whether it was said when they have it back. */
  forgetEffects(before: Date, limit: number): Promise<boolean> {
    return this.forget(
      `delete from billing.effects where (tenant_id, effect_key) in (
         select tenant_id, effect_key from billing.effects
         where at < $1 and effect_key not like 'subscribed:%' order by at limit $2) returning 1`,
      before,
      limit,
    );
  }

  /** Events of the tenant's customers of which nobody has said so are its own from now on, and go with it. */
  async own(tenantId: string): Promise<void> {
    await this.database.query(
      `update billing.stripe_events e set tenant_id = $1 from billing.stripe_customers c
       where c.tenant_id = $1 and e.customer_id = c.customer_id and e.tenant_id is null`,
      [tenantId],
    );
  }

  private async forget(sql: string, before: Date, limit: number): Promise<boolean> {
    const gone = await this.database.query(sql, [before, limit]);
    return gone.length === limit;
  }
}
