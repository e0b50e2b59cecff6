import type { MigrationInterface, QueryRunner } from 'typeorm';
import { locatorTable, personalTable, tenantTable } from '#platform';

/** Tenants, who belongs to them, and how both are found. */
export class Tenancy1764000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema tenancy;
      grant usage on schema tenancy to gatehouse_app, gatehouse_system;

      create table tenancy.tenants (
        tenant_id text collate "C" primary key,
        name text not null,
        slug text not null,
        plan text not null default 'FREE',
        max_seats int not null default 1,
        status text not null default 'active' check (status in ('active', 'suspended')),
        revision int not null default 1,
        created_at timestamptz not null
      );
      ${tenantTable('tenancy.tenants', { app: 'select, insert, update', system: 'select' })}

      create table tenancy.memberships (
        tenant_id text collate "C" not null references tenancy.tenants (tenant_id),
        id text collate "C" not null,
        user_id text collate "C" not null,
        role text not null check (role in ('owner', 'admin', 'billing', 'developer', 'member', 'viewer')),
        created_at timestamptz not null,
        primary key (tenant_id, id),
        unique (tenant_id, user_id)
      );
      ${tenantTable('tenancy.memberships', { app: 'select, insert, update, delete' })}

      create table tenancy.slugs (
        slug text collate "C" primary key,
        tenant_id text collate "C" not null
      );
      ${locatorTable('tenancy.slugs', { app: 'select, insert' })}

      create table tenancy.user_tenants (
        user_id text collate "C" not null,
        tenant_id text collate "C" not null,
        primary key (user_id, tenant_id)
      );
      ${personalTable('tenancy.user_tenants', 'user_id', { app: 'select, insert, delete' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema tenancy cascade');
  }
}
