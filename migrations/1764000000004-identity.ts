import type { MigrationInterface, QueryRunner } from 'typeorm';
import { locatorTable, personalTable, tenantTable } from '#platform';

/** People, how upstream issuers know them, and where they are signed in. */
export class Identity1764000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema identity;
      grant usage on schema identity to gatehouse_app, gatehouse_system;

      create table identity.users (
        id text collate "C" primary key,
        email text not null,
        email_verified boolean not null,
        display_name text,
        created_at timestamptz not null
      );
      ${personalTable('identity.users', 'id', { app: 'select, insert, update', system: 'select' })}

      create table identity.identities (
        connection text collate "C" not null,
        subject text collate "C" not null,
        user_id text collate "C" not null,
        primary key (connection, subject)
      );
      ${locatorTable('identity.identities', { app: 'select, insert' })}

      create table identity.auth_sessions (
        tenant_id text collate "C" not null,
        id text collate "C" not null,
        user_id text collate "C" not null,
        provider text not null,
        amr text[] not null,
        auth_time timestamptz not null,
        last_used_at timestamptz not null,
        address text,
        trace_id text not null,
        ended_at timestamptz,
        end_reason text check (end_reason in ('logout', 'logout_all', 'refresh_reuse')),
        primary key (tenant_id, id)
      );
      create index auth_sessions_of_user on identity.auth_sessions (tenant_id, user_id) where ended_at is null;
      ${tenantTable('identity.auth_sessions', { app: 'select, insert, update' })}

      create table identity.refresh_tokens (
        tenant_id text collate "C" not null,
        session_id text collate "C" not null,
        hash bytea not null,
        created_at timestamptz not null,
        rotated_at timestamptz,
        successor_used_at timestamptz,
        primary key (tenant_id, session_id, hash),
        foreign key (tenant_id, session_id) references identity.auth_sessions (tenant_id, id) on delete cascade
      );
      ${tenantTable('identity.refresh_tokens', { app: 'select, insert, update' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema identity cascade');
  }
}
