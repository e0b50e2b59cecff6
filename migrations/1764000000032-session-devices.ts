import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a session was started with, and which transaction ended it: by that every process finds what it was not told.
 * A trigger writes it, so that nobody who ends a session can forget to.
 */
export class SessionDevices1764000000032 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table identity.auth_sessions add column user_agent text;
      alter table identity.auth_sessions add column ended_xid bigint;
      create index auth_sessions_ended on identity.auth_sessions (ended_xid) where ended_xid is not null;
      create index auth_sessions_ended_at on identity.auth_sessions (ended_at) where ended_at is not null;

      create function identity.note_session_end() returns trigger language plpgsql set search_path = pg_catalog as $$
      begin
        new.ended_xid := pg_current_xact_id()::text::bigint;
        return new;
      end $$;
      revoke all on function identity.note_session_end() from public;
      create trigger note_session_end before update of ended_at on identity.auth_sessions for each row
        when (old.ended_at is null and new.ended_at is not null) execute function identity.note_session_end();
      -- Those that ended an hour ago still have tokens.
      update identity.auth_sessions set ended_xid = pg_current_xact_id()::text::bigint where ended_at is not null;

      grant select (id, ended_at, ended_xid) on identity.auth_sessions to gatehouse_system;
      create policy gatehouse_system on identity.auth_sessions to gatehouse_system using (true) with check (true);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop policy gatehouse_system on identity.auth_sessions;
      revoke select (id, ended_at, ended_xid) on identity.auth_sessions from gatehouse_system;
      drop trigger note_session_end on identity.auth_sessions;
      drop function identity.note_session_end();
      drop index identity.auth_sessions_ended, identity.auth_sessions_ended_at;
      alter table identity.auth_sessions drop column ended_xid;
      alter table identity.auth_sessions drop column user_agent;
    `);
  }
}
