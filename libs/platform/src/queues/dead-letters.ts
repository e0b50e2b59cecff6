import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { pageOf } from '../db/page.js';
import { SystemDatabase } from '../db/system-database.js';
import { DomainError } from '../errors/domain-error.js';

export interface DeadLetter {
  tenantId: string;
  subscription: string;
  eventId: string;
  eventName: string;
  attempts: number;
  lastError: string;
  deadAt: Date;
}

export interface DeadLetterPage {
  data: DeadLetter[];
  nextCursor: string | null;
}

/** Which dead letters are meant; all of them when nothing is named. */
export interface DeadLetterFilter {
  eventId?: string;
  eventName?: string;
  subscription?: string;
  tenantId?: string;
}

/** An instant as Postgres prints it, and a key that cannot hurt it. */
// eslint-disable-next-line security/detect-unsafe-regex -- every repetition is bounded
const Instant = z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?$/);
const Key = z.string().regex(/^[\x21-\x7e]{1,200}$/);
const Cursor = z.tuple([Instant, Key, Key, Key]);
const RETRY_BATCH = 500;

/** The events that a subscription has given up, for operators of the whole installation. */
@Injectable()
export class DeadLetters {
  constructor(private readonly database: SystemDatabase) {}

  /**
   * The oldest first.
   *
   * @throws DomainError 422 `CURSOR_INVALID` when `cursor` is not one that an earlier page gave.
   */
  async list(filter: DeadLetterFilter, limit: number, cursor?: string): Promise<DeadLetterPage> {
    const after = cursor ? readCursor(cursor) : [null, null, null, null];
    const rows = await this.database.query<DeadLetterRow>(LIST, [...valuesOf(filter), ...after, limit + 1]);
    const { data, nextCursor } = pageOf(rows, limit, writeCursor);
    return { data: data.map(view), nextCursor };
  }

  /**
   * Gives the dead letters that fit `filter` all their attempts back and publishes their events again;
   * subscriptions that have handled those already are not run twice. Gives how many were taken up.
   */
  async retry(filter: DeadLetterFilter): Promise<number> {
    let taken = 0;
    for (;;) {
      const [row] = await this.database.query<{ taken: number }>(RETRY, [...valuesOf(filter), RETRY_BATCH]);
      taken += row?.taken ?? 0;
      if ((row?.taken ?? 0) < RETRY_BATCH) return taken;
    }
  }
}

interface DeadLetterRow {
  tenant_id: string;
  subscription: string;
  event_id: string;
  event_name: string;
  attempts: number;
  last_error: string;
  dead_at: Date;
  dead_at_text: string;
}

const valuesOf = (filter: DeadLetterFilter) => [
  filter.eventId ?? null,
  filter.eventName ?? null,
  filter.subscription ?? null,
  filter.tenantId ?? null,
];

const FITS = `
  ($1::text is null or d.event_id = $1) and ($2::text is null or d.event_name = $2)
  and ($3::text is null or d.subscription = $3) and ($4::text is null or d.tenant_id = $4)`;

const LIST = `
  select d.tenant_id, d.subscription, d.event_id, d.event_name, d.attempts, d.last_error, d.dead_at,
    d.dead_at::text as dead_at_text
  from platform.dead_letters d
  where ${FITS}
    and ($5::timestamptz is null or (d.dead_at, d.tenant_id, d.subscription, d.event_id) > ($5::timestamptz, $6, $7, $8))
  order by d.dead_at, d.tenant_id, d.subscription, d.event_id
  limit $9`;

const RETRY = `
  with chosen as (
    select d.tenant_id, d.subscription, d.event_id from platform.dead_letters d
    where ${FITS} order by d.dead_at limit $5
  ), taken as (
    delete from platform.dead_letters d using chosen c
    where (d.tenant_id, d.subscription, d.event_id) = (c.tenant_id, c.subscription, c.event_id)
    returning d.tenant_id, d.subscription, d.event_id, d.recorded_at
  ), reset as (
    update platform.inbox i set attempts = 0, dead_at = null, begun_at = null, claimed_until = null from taken t
    where (i.tenant_id, i.subscription, i.event_id, i.recorded_at) = (t.tenant_id, t.subscription, t.event_id, t.recorded_at)
  ), published_again as (
    update platform.outbox o set published_at = null, settled_at = null
    from (select distinct tenant_id, event_id, recorded_at from taken) t
    where (o.tenant_id, o.id, o.recorded_at) = (t.tenant_id, t.event_id, t.recorded_at)
  )
  select count(*)::int as taken from taken`;

const view = (row: DeadLetterRow): DeadLetter => ({
  tenantId: row.tenant_id,
  subscription: row.subscription,
  eventId: row.event_id,
  eventName: row.event_name,
  attempts: row.attempts,
  lastError: row.last_error,
  deadAt: row.dead_at,
});

const writeCursor = (row: DeadLetterRow): string =>
  Buffer.from(JSON.stringify([row.dead_at_text, row.tenant_id, row.subscription, row.event_id])).toString(
    'base64url',
  );

function readCursor(cursor: string): z.output<typeof Cursor> {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new DomainError('invalid', 'CURSOR_INVALID', 'The cursor is not one that a page gave.');
  }
}
