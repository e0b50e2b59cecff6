import type { MigrationInterface, QueryRunner } from 'typeorm';
import { internalTable, tenantTable } from '#platform';

/** Outbox, inbox and dead letters: what the event bus is made of. */
export class Platform1764000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema platform;
      grant usage on schema platform to gatehouse_app, gatehouse_system;

      -- Rows are reached through the parent and its policies; addressed by its own name a partition shows nothing.
      create function platform.guard_partition(schema_name text, part text) returns void
      language plpgsql security definer set search_path = pg_catalog as $$
      begin
        execute format('alter table %I.%I enable row level security, force row level security', schema_name, part);
        execute format('create policy gatehouse_owner on %I.%I to gatehouse_owner using (true) with check (true)', schema_name, part);
      end $$;

      -- Partitions are named <table>_p<first day>, and <table>_default takes the rest. unit is 'week' or 'month'.
      create function platform.ensure_partitions(parent regclass, unit text, ahead int) returns int
      language plpgsql security definer set search_path = pg_catalog as $$
      declare
        schema_name text; table_name text; first date; made int := 0; part text;
      begin
        select n.nspname, c.relname into schema_name, table_name
          from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = parent;
        part := table_name || '_default';
        if to_regclass(format('%I.%I', schema_name, part)) is null then
          execute format('create table %I.%I partition of %s default', schema_name, part, parent);
          perform platform.guard_partition(schema_name, part);
        end if;
        for i in -1 .. ahead loop
          first := date_trunc(unit, now() at time zone 'UTC')::date + (i || ' ' || unit)::interval;
          part := table_name || '_p' || to_char(first, 'YYYYMMDD');
          continue when to_regclass(format('%I.%I', schema_name, part)) is not null;
          begin
            execute format('create table %I.%I partition of %s for values from (%L) to (%L)',
              schema_name, part, parent, first::text || ' 00:00+00',
              (first + ('1 ' || unit)::interval)::date::text || ' 00:00+00');
            perform platform.guard_partition(schema_name, part);
            made := made + 1;
          exception when check_violation then
            -- Nobody kept this up for weeks and rows of that time are in the default partition; they are well there.
            null;
          end;
        end loop;
        return made;
      end $$;

      -- Drops whole partitions that end before the given instant and, where a condition is given, hold no row t that meets it.
      create function platform.prune_partitions(parent regclass, unit text, before timestamptz, keep_if text default null)
      returns int language plpgsql security definer set search_path = pg_catalog as $$
      declare
        part record; first date; kept boolean; dropped int := 0;
      begin
        for part in
          select n.nspname, c.relname from pg_inherits i
            join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace
            where i.inhparent = parent and c.relname ~ '_p[0-9]{8}$' order by c.relname
        loop
          first := to_date(right(part.relname, 8), 'YYYYMMDD');
          continue when (first + ('1 ' || unit)::interval) at time zone 'UTC' > before;
          kept := false;
          if keep_if is not null then
            execute format('select exists (select 1 from %I.%I t where %s)', part.nspname, part.relname, keep_if) into kept;
          end if;
          continue when kept;
          execute format('drop table %I.%I', part.nspname, part.relname);
          dropped := dropped + 1;
        end loop;
        return dropped;
      end $$;
      revoke all on function platform.guard_partition, platform.ensure_partitions, platform.prune_partitions from public;

      -- What is looked after; a migration that partitions a table adds it here.
      create table platform.partitioned (
        parent text primary key,
        unit text not null check (unit in ('week', 'month')),
        ahead int not null
      );
      ${internalTable('platform.partitioned')}

      -- Called by workers, by one at a time; the tables they may touch are listed, not given. What has not been
      -- handled stays, and so do dead letters' events, for they may be retried, and the inbox of every event that stays.
      create function platform.maintain_partitions(keep_days int) returns void
      language plpgsql security definer set search_path = pg_catalog set lock_timeout = '2s' as $$
      declare
        one record;
      begin
        if not pg_try_advisory_xact_lock(7264813) then return; end if;
        for one in select * from platform.partitioned order by parent loop
          perform platform.ensure_partitions(one.parent::regclass, one.unit, one.ahead);
        end loop;
        perform platform.prune_partitions('platform.outbox', 'week', now() - make_interval(days => keep_days),
          't.settled_at is null or exists (select from platform.dead_letters d where d.tenant_id = t.tenant_id and d.event_id = t.id)');
        perform platform.prune_partitions('platform.inbox', 'week', now() - make_interval(days => keep_days),
          'exists (select from platform.outbox o where (o.tenant_id, o.id, o.recorded_at) = (t.tenant_id, t.event_id, t.recorded_at))');
      end $$;
      revoke all on function platform.maintain_partitions from public;
      grant execute on function platform.maintain_partitions to gatehouse_system;

      create table platform.outbox (
        tenant_id text collate "C" not null,
        id text collate "C" not null,
        name text not null,
        version int not null,
        payload jsonb not null,
        actor_type text not null,
        actor_id text,
        actor_reason text,
        trace_id text not null,
        address text,
        occurred_at timestamptz not null,
        recorded_at timestamptz not null default clock_timestamp(),
        published_at timestamptz,
        settled_at timestamptz,
        primary key (tenant_id, id, recorded_at)
      ) partition by range (recorded_at);
      create index outbox_unpublished on platform.outbox (recorded_at) where published_at is null;
      create index outbox_unsettled on platform.outbox (published_at) where settled_at is null and published_at is not null;
      select platform.ensure_partitions('platform.outbox', 'week', 8);
      insert into platform.partitioned values ('platform.outbox', 'week', 8);
      ${tenantTable('platform.outbox', { app: 'select, insert', system: 'select, update' })}

      -- One row per subscription and event, from the first attempt on. recorded_at is the event's.
      create table platform.inbox (
        tenant_id text collate "C" not null,
        subscription text collate "C" not null,
        event_id text collate "C" not null,
        recorded_at timestamptz not null,
        attempts int not null default 0,
        -- Set while an attempt runs: who finds it set knows that the attempt before ended with its process.
        begun_at timestamptz,
        claimed_until timestamptz,
        done_at timestamptz,
        dead_at timestamptz,
        last_error text,
        primary key (tenant_id, subscription, event_id, recorded_at)
      ) partition by range (recorded_at);
      select platform.ensure_partitions('platform.inbox', 'week', 8);
      insert into platform.partitioned values ('platform.inbox', 'week', 8);
      ${tenantTable('platform.inbox', { app: 'select, insert, update', system: 'select, update' })}

      create table platform.dead_letters (
        tenant_id text collate "C" not null,
        subscription text collate "C" not null,
        event_id text collate "C" not null,
        recorded_at timestamptz not null,
        event_name text not null,
        attempts int not null,
        last_error text not null,
        dead_at timestamptz not null,
        primary key (tenant_id, subscription, event_id)
      );
      create index dead_letters_by_time on platform.dead_letters (dead_at);
      ${tenantTable('platform.dead_letters', { app: 'select, insert', system: 'select, insert, delete' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema platform cascade');
  }
}
