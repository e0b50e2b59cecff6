import { Injectable } from '@nestjs/common';
import { type Page, pageOf, SystemDatabase } from '#platform';

/** Which events of Stripe are meant; those that fit everything that is named. */
export interface StripeEventFilter {
  id?: string;
  type?: string;
  tenantId?: string;
  /** When they came; from inclusive, to exclusive. */
  from?: Date;
  to?: Date;
  status?: 'applied' | 'ignored' | 'dead';
}

export interface StoredStripeEvent {
  id: string;
  type: string;
  status: string;
  tenantId: string | null;
  attempts: number;
  failure: string | null;
  receivedAt: Date;
  settledAt: Date | null;
}

/** The events of Stripe that are settled, for operators of the whole installation. */
@Injectable()
export class StripeArchive {
  constructor(private readonly database: SystemDatabase) {}

  /** The oldest first; `cursor`: the id of the last event of the page before. */
  async page(filter: StripeEventFilter, limit: number, cursor?: string): Promise<Page<StoredStripeEvent>> {
    const rows = await this.database.query<StoredStripeEvent>(PAGE, [
      ...valuesOf(filter),
      cursor ?? null,
      limit + 1,
    ]);
    return pageOf(rows, limit, ({ id }) => id);
  }

  /** What was signed, of those events. */
  async payloads(ids: readonly string[]): Promise<{ id: string; payload: string }[]> {
    return this.database.query('select id, payload from billing.stripe_events where id = any ($1)', [ids]);
  }

  /** How many fit, by whose they are (null: nobody's that we know), and of which types. */
  async count(
    filter: StripeEventFilter,
  ): Promise<{ tenantId: string | null; count: number; types: string[] }[]> {
    return this.database.query(COUNT, valuesOf(filter));
  }

  /** Those that fit are to be applied again, as if they had just come. Gives how many. */
  async reopen(filter: StripeEventFilter): Promise<number> {
    const rows = await this.database.query(REOPEN, valuesOf(filter));
    return rows.length;
  }
}

const valuesOf = ({ id, type, tenantId, from, to, status }: StripeEventFilter) => [
  id ?? null,
  type ?? null,
  tenantId ?? null,
  from ?? null,
  to ?? null,
  status ?? null,
];

// What was never applied has no tenant; its customer may have one. `json`, not `jsonb`, takes whatever Stripe has signed.
const OWNED = `
  select e.*, coalesce(e.tenant_id, c.tenant_id) as owner
  from billing.stripe_events e
  left join billing.stripe_customers c on e.tenant_id is null and c.customer_id = coalesce(
    e.payload::json #>> '{data,object,customer}', e.payload::json #>> '{data,object,id}')`;

const FITS = `e.status <> 'received'
  and ($1::text is null or e.id = $1) and ($2::text is null or e.type = $2)
  and ($3::text is null or e.owner = $3)
  and ($4::timestamptz is null or e.received_at >= $4) and ($5::timestamptz is null or e.received_at < $5)
  and ($6::text is null or e.status = $6)`;

const PAGE = `
  select e.id, e.type, e.status, e.owner as "tenantId", e.attempts, e.failure, e.received_at as "receivedAt",
    e.settled_at as "settledAt"
  from (${OWNED}) e
  where ${FITS}
    and ($7::text is null or (e.received_at, e.id) > (select received_at, id from billing.stripe_events where id = $7))
  order by e.received_at, e.id limit $8`;

const COUNT = `
  select e.owner as "tenantId", count(*)::int as count, array_agg(distinct e.type) as types
  from (${OWNED}) e where ${FITS} group by e.owner`;

const REOPEN = `
  update billing.stripe_events set status = 'received', attempts = 0, next_at = clock_timestamp(), failure = null,
    settled_at = null
  where id in (select e.id from (${OWNED}) e where ${FITS})
  returning id`;
