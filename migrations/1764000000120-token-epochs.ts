import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';
import { extendCheck } from './extend-check.js';

const ENDS = {
  table: 'identity.auth_sessions',
  constraint: 'auth_sessions_end_reason_check',
  column: 'end_reason',
};
const MORE = ['membership_ended', 'code_replayed', 'too_many'];

/**
 * From when on a person's access tokens hold in a tenant, without an end of their sessions. A row is there once something
 * was taken from them. A trigger notes which transaction did, so that nobody who does can forget to.
 */
export class TokenEpochs1764000000120 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table identity.token_epochs (
        tenant_id text collate "C" not null,
        user_id text collate "C" not null,
        epoch int not null,
        changed_xid bigint,
        changed_at timestamptz,
        primary key (tenant_id, user_id)
      );
      ${tenantTable('identity.token_epochs', { app: 'select, insert, update' })}

      create function identity.note_token_epoch() returns trigger language plpgsql set search_path = pg_catalog as $$
      begin
        new.changed_xid := pg_current_xact_id()::text::bigint;
        new.changed_at := now();
        return new;
      end $$;
      revoke all on function identity.note_token_epoch() from public;
      create trigger note_token_epoch before insert or update on identity.token_epochs
        for each row execute function identity.note_token_epoch();
      create index token_epochs_changed on identity.token_epochs (changed_xid);

      grant select on identity.token_epochs to gatehouse_system;
      create policy gatehouse_system on identity.token_epochs to gatehouse_system using (true) with check (true);

      -- Who manages an organisation sees what its people call themselves.
      grant select (user_id, display_name) on identity.user_profiles to gatehouse_system;
      create policy gatehouse_system on identity.user_profiles to gatehouse_system using (true) with check (true);

      create index service_account_tokens_of_maker on identity.service_account_tokens (tenant_id, created_by_id)
        where revoked_at is null;
    `);
    await extendCheck(runner, ENDS, { more: MORE });
  }

  async down(runner: QueryRunner): Promise<void> {
    // The old list has one word for these.
    await runner.query(
      `update identity.auth_sessions set end_reason = 'logout_all' where end_reason = any ($1)`,
      [MORE],
    );
    await extendCheck(runner, ENDS, { less: MORE });
    await runner.query(`
      drop index identity.service_account_tokens_of_maker;
      drop policy gatehouse_system on identity.user_profiles;
      revoke select (user_id, display_name) on identity.user_profiles from gatehouse_system;
      drop table identity.token_epochs;
      drop function identity.note_token_epoch();
    `);
  }
}
