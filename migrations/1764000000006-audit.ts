import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** The trail. The app role adds and reads; nobody changes or removes a row. */
export class Audit1764000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema audit;
      grant usage on schema audit to gatehouse_app, gatehouse_system;

      create table audit.entries (
        tenant_id text collate "C" not null,
        id text collate "C" not null,
        actor_type text not null,
        actor_id text,
        actor_act text,
        user_id text collate "C",
        action text not null,
        subject text,
        outcome text not null check (outcome in ('success', 'refused')),
        metadata jsonb not null,
        address text,
        trace_id text not null,
        created_at timestamptz not null,
        primary key (tenant_id, created_at, id)
      ) partition by range (created_at);
      create index entries_by_action on audit.entries (tenant_id, action, created_at);
      create table audit.entries_default partition of audit.entries default;
      select platform.ensure_partitions('audit.entries', 'month', 3);
      ${tenantTable('audit.entries', { app: 'select, insert', system: 'select, insert' })}

      create or replace function platform.maintain_partitions(keep_days int) returns void
      language plpgsql security definer set search_path = pg_catalog as $$
      begin
        perform platform.ensure_partitions('platform.outbox', 'week', 8);
        perform platform.ensure_partitions('platform.inbox', 'week', 8);
        perform platform.ensure_partitions('licensing.seat_ledger', 'month', 3);
        perform platform.ensure_partitions('audit.entries', 'month', 3);
        perform platform.prune_partitions('platform.outbox', 'week', now() - make_interval(days => keep_days), 'settled_at is null');
        perform platform.prune_partitions('platform.inbox', 'week', now() - make_interval(days => keep_days));
      end $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function platform.maintain_partitions(keep_days int) returns void
      language plpgsql security definer set search_path = pg_catalog as $$
      begin
        perform platform.ensure_partitions('platform.outbox', 'week', 8);
        perform platform.ensure_partitions('platform.inbox', 'week', 8);
        perform platform.prune_partitions('platform.outbox', 'week', now() - make_interval(days => keep_days), 'settled_at is null');
        perform platform.prune_partitions('platform.inbox', 'week', now() - make_interval(days => keep_days));
      end $$;
      drop schema audit cascade`);
  }
}
