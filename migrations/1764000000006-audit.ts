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
      select platform.ensure_partitions('audit.entries', 'month', 3);
      insert into platform.partitioned values ('audit.entries', 'month', 3);
      ${tenantTable('audit.entries', { app: 'select, insert', system: 'select, insert' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from platform.partitioned where parent = 'audit.entries';
      drop schema audit cascade`);
  }
}
