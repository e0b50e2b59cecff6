import type { MigrationInterface, QueryRunner } from 'typeorm';
import { locatorTable, personalTable } from '#platform';

const ENDS = `'logout', 'logout_all', 'refresh_reuse'`;

/** Passwords, proved and claimed addresses, what mails carry, and every attempt to sign in. */
export class Accounts1764000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table identity.users add registered_with text not null default 'upstream'
        check (registered_with in ('upstream', 'password'));
      alter table identity.users alter registered_with drop default;
      grant delete on identity.users, identity.identities to gatehouse_app;
      create index identities_of_user on identity.identities (user_id);

      create table identity.passwords (
        user_id text collate "C" primary key,
        rule text not null check (rule in ('argon2id', 'bcrypt', 'bcrypt_peppered')),
        sealed bytea not null,
        changed_at timestamptz not null
      );
      ${personalTable('identity.passwords', 'user_id', { app: 'select, insert, update, delete' })}

      create table identity.password_history (
        user_id text collate "C" not null,
        changed_at timestamptz not null,
        rule text not null check (rule in ('argon2id', 'bcrypt', 'bcrypt_peppered')),
        sealed bytea not null,
        primary key (user_id, changed_at)
      );
      ${personalTable('identity.password_history', 'user_id', { app: 'select, insert, delete' })}

      -- Who says that an address is theirs and has not shown it; who has, is in identities as (email, hash).
      create table identity.address_claims (
        address_hash bytea not null,
        user_id text collate "C" not null,
        primary key (address_hash, user_id)
      );
      create index address_claims_of_user on identity.address_claims (user_id);
      ${locatorTable('identity.address_claims', { app: 'select, insert, delete' })}

      create table identity.mail_tokens (
        user_id text collate "C" not null,
        id text collate "C" not null,
        purpose text not null check (purpose in ('verify_email', 'reset_password', 'change_email_old', 'change_email_new')),
        hash bytea not null,
        address_hash bytea not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        used_at timestamptz,
        primary key (user_id, id)
      );
      ${personalTable('identity.mail_tokens', 'user_id', { app: 'select, insert, update, delete' })}

      -- The change of address that a person has begun; one at a time.
      create table identity.address_changes (
        user_id text collate "C" primary key,
        new_email text not null,
        old_confirmed boolean not null,
        new_confirmed boolean not null,
        expires_at timestamptz not null
      );
      ${personalTable('identity.address_changes', 'user_id', { app: 'select, insert, update, delete' })}

      -- Also attempts on accounts that are not there: the app role may only add.
      create table identity.user_login_events (
        id text collate "C" not null,
        occurred_at timestamptz not null,
        user_id text collate "C",
        tenant_id text collate "C",
        address_hash bytea,
        method text not null,
        outcome text not null check (outcome in ('signed_in', 'refused', 'locked', 'suspended', 'second_factor')),
        address text,
        trace_id text not null,
        primary key (occurred_at, id)
      ) partition by range (occurred_at);
      create index user_login_events_of_user on identity.user_login_events (user_id, occurred_at);
      create index user_login_events_of_address on identity.user_login_events (address_hash, occurred_at);
      select platform.ensure_partitions('identity.user_login_events', 'month', 3);
      insert into platform.partitioned values ('identity.user_login_events', 'month', 3);
      alter table identity.user_login_events enable row level security;
      alter table identity.user_login_events force row level security;
      create policy gatehouse_owner on identity.user_login_events to gatehouse_owner using (true) with check (true);
      create policy intake on identity.user_login_events for insert to gatehouse_app with check (true);
      create policy gatehouse_system on identity.user_login_events to gatehouse_system using (true) with check (true);
      grant insert on identity.user_login_events to gatehouse_app;
      grant select on identity.user_login_events to gatehouse_system;

      alter table identity.auth_sessions drop constraint auth_sessions_end_reason_check;
      alter table identity.auth_sessions add constraint auth_sessions_end_reason_check check (end_reason in (
        ${ENDS}, 'password_changed', 'password_reset', 'address_lost', 'account_deleted'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from platform.partitioned where parent = 'identity.user_login_events';
      drop table identity.user_login_events, identity.address_changes, identity.mail_tokens, identity.address_claims,
        identity.password_history, identity.passwords;
      drop index identity.identities_of_user;
      revoke delete on identity.users, identity.identities from gatehouse_app;
      alter table identity.users drop registered_with;
      -- The old list has one word for all of these.
      update identity.auth_sessions set end_reason = 'logout_all' where end_reason not in (${ENDS});
      alter table identity.auth_sessions drop constraint auth_sessions_end_reason_check;
      alter table identity.auth_sessions add constraint auth_sessions_end_reason_check check (end_reason in (${ENDS}));
    `);
  }
}
