import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** What tenants export of themselves, and the files, in pieces. */
export class TenantExports1764000000115 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenancy.exports (
        tenant_id text collate "C" not null,
        id text collate "C" not null,
        status text not null check (status in ('ready', 'queued', 'running', 'failed')),
        asked_by text collate "C" not null,
        asked_at timestamptz not null,
        attempts int not null default 0,
        done bigint not null default 0,
        total bigint,
        size bigint,
        sha256 text,
        failure text,
        ended_at timestamptz,
        expires_at timestamptz,
        removed_at timestamptz,
        primary key (tenant_id, id)
      );
      -- One at a time.
      create unique index exports_under_way on tenancy.exports (tenant_id) where status in ('queued', 'running');
      create index exports_by_age on tenancy.exports (asked_at);
      ${tenantTable('tenancy.exports', { app: 'select, insert, update, delete', system: 'select' })}

      create table tenancy.export_chunks (
        tenant_id text collate "C" not null,
        export_id text collate "C" not null,
        n int not null,
        bytes bytea not null,
        primary key (tenant_id, export_id, n),
        foreign key (tenant_id, export_id) references tenancy.exports (tenant_id, id) on delete cascade
      );
      -- They are compressed already.
      alter table tenancy.export_chunks alter column bytes set storage external;
      ${tenantTable('tenancy.export_chunks', { app: 'select, insert, delete' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table tenancy.export_chunks; drop table tenancy.exports');
  }
}
