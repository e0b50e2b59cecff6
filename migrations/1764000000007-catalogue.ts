import type { MigrationInterface, QueryRunner } from 'typeorm';
import { catalogueTable, tenantTable } from '#platform';

/** Products, policies and plans; licences made from them, with overrides; devices and people bound to licences. */
export class Catalogue1764000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table licensing.products (
        id text collate "C" primary key,
        code text collate "C" not null unique,
        name text not null,
        brand text,
        created_at timestamptz not null
      );
      ${catalogueTable('licensing.products')}

      create table licensing.policies (
        id text collate "C" primary key,
        product_id text collate "C" not null references licensing.products,
        code text collate "C" not null,
        name text not null,
        terms jsonb not null,
        created_at timestamptz not null,
        unique (product_id, code)
      );
      ${catalogueTable('licensing.policies')}

      create table licensing.plans (
        tier text collate "C" primary key,
        name text not null,
        aliases text[] not null default '{}',
        terms jsonb not null
      );
      ${catalogueTable('licensing.plans')}

      -- One row. Its revision grows with every change of products, policies and plans.
      create table licensing.catalogue (
        one boolean primary key default true check (one),
        revision int not null default 0,
        flags jsonb not null default '{}',
        product_id text collate "C" references licensing.products
      );
      insert into licensing.catalogue default values;
      ${catalogueTable('licensing.catalogue')}

      -- Terms now come from plan, policy and overrides together.
      alter table licensing.licenses
        drop column max_seats, drop column entitlements, drop column key_activation,
        drop constraint licenses_status_check,
        add constraint licenses_status_check check (status in ('active', 'suspended', 'revoked', 'transferred')),
        add column status_at timestamptz,
        add column status_reason text,
        add column product_id text collate "C",
        add column policy_id text collate "C",
        add column name text,
        add column metadata jsonb not null default '{}',
        add column overrides jsonb not null default '[]',
        add column started_at timestamptz,
        add column checked_in_at timestamptz,
        add column transferred_from text collate "C",
        add column transferred_to text collate "C";

      -- Devices of node-locked licences; a device is a keyed hash.
      create table licensing.devices (
        tenant_id text collate "C" not null,
        license_id text collate "C" not null,
        device text collate "C" not null,
        user_id text collate "C",
        bound_at timestamptz not null,
        primary key (tenant_id, license_id, device),
        foreign key (tenant_id, license_id) references licensing.licenses (tenant_id, id)
      );
      ${tenantTable('licensing.devices', { app: 'select, insert, delete', system: 'select' })}

      -- The people named on a licence.
      create table licensing.license_users (
        tenant_id text collate "C" not null,
        license_id text collate "C" not null,
        user_id text collate "C" not null,
        named_at timestamptz not null,
        primary key (tenant_id, license_id, user_id),
        foreign key (tenant_id, license_id) references licensing.licenses (tenant_id, id)
      );
      ${tenantTable('licensing.license_users', { app: 'select, insert, delete', system: 'select' })}

      -- What operators changed for all licences of a tenant, and what the tenant chose itself.
      create table licensing.tenant_terms (
        tenant_id text collate "C" primary key,
        overrides jsonb not null default '[]',
        heartbeat_mode text check (heartbeat_mode in ('none', 'hybrid', 'strict', 'relaxed', 'instance')),
        time_zone text not null default 'UTC',
        revision int not null
      );
      ${tenantTable('licensing.tenant_terms', { app: 'select, insert, update', system: 'select' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table licensing.tenant_terms, licensing.license_users, licensing.devices;
      update licensing.licenses set status = 'revoked' where status = 'transferred';
      alter table licensing.licenses
        drop constraint licenses_status_check,
        add constraint licenses_status_check check (status in ('active', 'suspended', 'revoked')),
        drop column status_at, drop column status_reason, drop column product_id, drop column policy_id,
        drop column name, drop column metadata, drop column overrides, drop column started_at,
        drop column checked_in_at, drop column transferred_from, drop column transferred_to,
        add column max_seats int check (max_seats >= 0),
        add column entitlements jsonb not null default '["commands:execute"]',
        add column key_activation boolean not null default true;
      update licensing.licenses set max_seats = 1 where tier in ('FREE', 'PRO');
      update licensing.licenses set max_seats = 5 where tier = 'TEAM';
      alter table licensing.licenses alter column entitlements drop default;
      drop table licensing.catalogue, licensing.plans, licensing.policies, licensing.products`);
  }
}
