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

/** The events of Stripe that are settled and of which something was kept, for operators of the whole installation. */
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

  /** What was signed, of those events of which it is kept. */
  async payloads(ids: readonly string[]): Promise<{ id: string; payload: string }[]> {
    return this.database.query(
      `select id, payload from billing.stripe_events where id = any ($1) and payload <> ''`,
      [ids],
    );
  }

  /** How many that were to be applied again still wait for it. */
  async waiting(): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      `select count(*)::int as count from billing.stripe_events where status = 'received' and replayed`,
    );
    return row!.count;
  }

  /** How many of those events came to what; those that a worker has still to decide about are `received`. */
  async outcomes(
    ids: readonly string[],
  ): Promise<{ status: string; failure: string | null; count: number }[]> {
    return this.database.query(
      `select status, failure, count(*)::int as count from billing.stripe_events where id = any ($1)
       group by status, failure order by status, failure nulls first`,
      [ids],
    );
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

// What came before its customer was known has no tenant; its customer may have one by now.
const OWNED = `
  select e.*, coalesce(e.tenant_id, c.tenant_id) as owner
  from billing.stripe_events e
  left join billing.stripe_customers c on e.tenant_id is null and c.customer_id = e.customer_id`;

// Of what was about an organisation that is gone nothing is left that could be applied.
const FITS = `e.status <> 'received' and e.payload <> ''
  and ($1::text is null or e.id = $1) and ($2::text is null or e.type = $2)
  and ($3::text is null or e.owner = $3)
  and ($4::timestamptz is null or e.received_at >= $4) and ($5::timestamptz is null or e.received_at < $5)
  and ($6::text is null or e.status = $6)`;

const PAGE = `
  select e.id, e.type, e.status, e.owner as "tenantId", e.attempts - e.excused as attempts, e.failure, e.received_at as "receivedAt",
    e.settled_at as "settledAt"
  from (${OWNED}) e
  where ${FITS}
    and ($7::text is null or (e.received_at, e.id) > (select received_at, id from billing.stripe_events where id = $7))
  order by e.received_at, e.id limit $8`;

const COUNT = `
  select e.owner as "tenantId", count(*)::int as count, array_agg(distinct e.type) as types
  from (${OWNED}) e where ${FITS} group by e.owner`;

const REOPEN = `
  update billing.stripe_events set status = 'received', replayed = true, excused = attempts,
    next_at = clock_timestamp(), failure = null, settled_at = null
  where id in (select e.id from (${OWNED}) e where ${FITS})
  returning id`;
