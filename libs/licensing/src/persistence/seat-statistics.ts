import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';

/** What happened to the seats of a licence on one day, in UTC. */
export interface SeatDay {
  /** `2026-11-22` */
  day: string;
  /** The most that were held at a time. */
  peak: number;
  acquired: number;
  released: number;
  lapsed: number;
  ended: number;
  refused: number;
  /** How many different ones took a seat. */
  devices: number;
  users: number;
}

type Row = SeatDay & { last: number };

/** Statistics of seats, from the ledger alone. */
@Injectable()
export class SeatStatistics {
  constructor(private readonly db: Db) {}

  /**
   * The days from `from` up to `end`, both midnights; days in which nothing happened are left out. `before`: how many
   * were held when the first began.
   */
  async daily(
    actor: Actor,
    licenseId: string,
    from: Date,
    end: Date,
  ): Promise<{ before: number; days: Row[] }> {
    const rows = await this.db.read<Row & { before: number }>(
      actor,
      `with entry as (
         select at, ledger_id, change, seat_id, device, user_id, count,
           lag(change) over w as prior, row_number() over w as n
         from licensing.seat_ledger where tenant_id = $1 and license_id = $2 and at >= $3
         window w as (partition by seat_id, change = 'refused' order by at, ledger_id)
       ), step as (
         -- A seat may be told as over twice, once by its TTL: what counts is whether it was held before.
         select e.*, case when change = 'refused' then 0 else (change = 'acquired')::int - (coalesce(
           case when n > 1 then prior else (select p.change from licensing.seat_ledger p
             where p.tenant_id = $1 and p.license_id = $2 and p.seat_id = e.seat_id and p.change <> 'refused'
               and p.at < e.at order by p.at desc, p.ledger_id desc limit 1) end, '') = 'acquired')::int end as held
         from entry e
       ), base as (
         select (select count(*) from licensing.held_seats where tenant_id = $1 and license_id = $2)
           - coalesce(sum(held), 0) as before from step
       ), run as (
         select s.*, (at at time zone 'UTC')::date as day, before + sum(held) over (order by at, ledger_id) as now
         from step s, base
       )
       select before::int, day::text, max(now)::int as peak,
         (array_agg(now order by at desc, ledger_id desc))[1]::int as last,
         count(*) filter (where change = 'acquired')::int as acquired,
         count(*) filter (where change = 'released')::int as released,
         count(*) filter (where change = 'lapsed')::int as lapsed,
         count(*) filter (where change = 'ended')::int as ended,
         coalesce(sum(count) filter (where change = 'refused'), 0)::int as refused,
         count(distinct device) filter (where change = 'acquired')::int as devices,
         count(distinct user_id) filter (where change = 'acquired')::int as users
       from base left join run on run.at < $4 group by before, day order by day`,
      [actor.tenantId, licenseId, from, end],
    );
    const days = rows.filter((row) => row.day !== null).map(({ before: _before, ...day }) => day);
    return { before: rows[0]?.before ?? 0, days };
  }
}
