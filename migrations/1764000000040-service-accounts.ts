import type { MigrationInterface, QueryRunner } from 'typeorm';
import { locatorTable, tenantTable } from '#platform';

/**
 * Service accounts and their API keys (S2-63). Triggers note which transaction changed what a caller may do: by that
 * every process finds it, and nobody who changes it can forget to.
 */
export class ServiceAccounts1764000000040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table identity.service_accounts (
        tenant_id text collate "C" not null,
        id text collate "C" not null,
        name text not null,
        scopes text[] not null,
        jwks jsonb not null,
        status text not null check (status in ('active', 'disabled', 'deleted')),
        epoch int not null default 1,
        created_by_type text not null,
        created_by_id text,
        created_at timestamptz not null,
        last_used_at timestamptz,
        changed_xid bigint,
        changed_at timestamptz,
        primary key (tenant_id, id)
      );
      ${tenantTable('identity.service_accounts', { app: 'select, insert, update' })}

      create table identity.service_account_tenants (
        service_account_id text collate "C" primary key,
        tenant_id text collate "C" not null
      );
      ${locatorTable('identity.service_account_tenants', { app: 'select, insert' })}

      -- API keys. A key is a token that a service account carries; what is stored is its keyed hash.
      create table identity.service_account_tokens (
        tenant_id text collate "C" not null,
        id text collate "C" not null,
        service_account_id text collate "C" not null,
        name text not null,
        scopes text[] not null,
        hash bytea not null,
        pepper int not null,
        hint text not null,
        expires_at timestamptz,
        replaced_by text collate "C",
        revoked_at timestamptz,
        created_by_type text not null,
        created_by_id text,
        created_at timestamptz not null,
        last_used_at timestamptz,
        changed_xid bigint,
        changed_at timestamptz,
        primary key (tenant_id, id),
        foreign key (tenant_id, service_account_id) references identity.service_accounts (tenant_id, id)
      );
      create index service_account_tokens_of_account
        on identity.service_account_tokens (tenant_id, service_account_id, id);
      ${tenantTable('identity.service_account_tokens', { app: 'select, insert, update' })}

      create function identity.note_service_change() returns trigger language plpgsql set search_path = pg_catalog as $$
      begin
        new.changed_xid := pg_current_xact_id()::text::bigint;
        new.changed_at := now();
        return new;
      end $$;
      revoke all on function identity.note_service_change() from public;
      create trigger note_service_change before update of scopes, jwks, status, epoch
        on identity.service_accounts for each row execute function identity.note_service_change();
      create trigger note_service_change before update of scopes, expires_at, revoked_at
        on identity.service_account_tokens for each row execute function identity.note_service_change();

      create index service_accounts_changed on identity.service_accounts (changed_xid) where changed_xid is not null;
      create index service_account_tokens_changed on identity.service_account_tokens (changed_xid)
        where changed_xid is not null;
      grant select (tenant_id, id, epoch, changed_xid, changed_at, last_used_at), update (last_used_at)
        on identity.service_accounts to gatehouse_system;
      create policy gatehouse_system on identity.service_accounts to gatehouse_system using (true) with check (true);
      grant select (tenant_id, id, service_account_id, changed_xid, changed_at, last_used_at), update (last_used_at)
        on identity.service_account_tokens to gatehouse_system;
      create policy gatehouse_system on identity.service_account_tokens to gatehouse_system
        using (true) with check (true);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table identity.service_account_tokens;
      drop table identity.service_account_tenants;
      drop table identity.service_accounts;
      drop function identity.note_service_change();
    `);
  }
}
