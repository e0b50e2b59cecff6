import type { MigrationInterface, QueryRunner } from 'typeorm';
import { locatorTable, tenantTable } from '#platform';

/** Licences, how their keys are found, and the ledger of their seats. */
export class Licensing1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema licensing;
      grant usage on schema licensing to gatehouse_app, gatehouse_system;

      create table licensing.licenses (
        tenant_id text collate "C" not null,
        id text collate "C" not null,
        tier text not null check (tier in ('FREE', 'PRO', 'TEAM', 'ENTERPRISE')),
        status text not null check (status in ('active', 'suspended', 'revoked')),
        max_seats int check (max_seats >= 0),
        entitlements jsonb not null,
        key_activation boolean not null default true,
        key_masked text not null,
        key_sealed bytea not null,
        tenant_suspended boolean not null default false,
        tenant_revision int not null default 0,
        revision int not null,
        expires_at timestamptz,
        created_at timestamptz not null,
        primary key (tenant_id, id)
      );
      ${tenantTable('licensing.licenses', { app: 'select, insert, update', system: 'select' })}

      create table licensing.license_keys (
        key_hash bytea primary key,
        tenant_id text collate "C" not null,
        license_id text collate "C" not null
      );
      ${locatorTable('licensing.license_keys', { app: 'select, insert' })}

      create table licensing.seat_ledger (
        tenant_id text collate "C" not null,
        ledger_id text collate "C" not null,
        at timestamptz not null,
        change text not null check (change in ('acquired', 'released', 'lapsed', 'refused')),
        license_id text collate "C" not null,
        seat_id text collate "C",
        device text not null,
        user_id text collate "C",
        trace_id text not null,
        address text,
        count int not null default 1 check (count > 0),
        primary key (tenant_id, ledger_id, at)
      ) partition by range (at);
      create index seat_ledger_of_seat on licensing.seat_ledger (tenant_id, license_id, seat_id);
      select platform.ensure_partitions('licensing.seat_ledger', 'month', 3);
      insert into platform.partitioned values ('licensing.seat_ledger', 'month', 3);
      ${tenantTable('licensing.seat_ledger', { app: 'select, insert', system: 'select' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from platform.partitioned where parent = 'licensing.seat_ledger';
      drop schema licensing cascade`);
  }
}
