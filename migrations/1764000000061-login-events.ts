import type { MigrationInterface, QueryRunner } from 'typeorm';
import { extendCheck } from './extend-check.js';

const OUTCOMES = {
  table: 'identity.user_login_events',
  constraint: 'user_login_events_outcome_check',
  column: 'outcome',
};
const MORE = [
  'signed_up',
  'wrong_password',
  'unknown_address',
  'wrong_code',
  'enrollment',
  'refresh_reuse',
  'reauthenticated',
];

/** Attempts to sign in say what was wrong; a person reads their own; months past their days are dropped. */
export class LoginEvents1764000000061 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await extendCheck(runner, OUTCOMES, { more: MORE });
    await runner.query(`
      alter table identity.user_login_events add session_id text collate "C";
      alter table identity.user_login_events add user_agent text;
      create policy own on identity.user_login_events for select to gatehouse_app
        using (user_id = nullif(current_setting('app.user_id', true), ''));
      grant select on identity.user_login_events to gatehouse_app;

      -- Called by workers. Drops whole months, so the oldest entry is at most a month older than its days.
      create function identity.prune_login_events(keep_days int) returns int
      language plpgsql security definer set search_path = pg_catalog set lock_timeout = '2s' as $$
      begin
        return platform.prune_partitions('identity.user_login_events', 'month', now() - make_interval(days => keep_days));
      end $$;
      revoke all on function identity.prune_login_events from public;
      grant execute on function identity.prune_login_events to gatehouse_system;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function identity.prune_login_events;
      revoke select on identity.user_login_events from gatehouse_app;
      drop policy own on identity.user_login_events;
      alter table identity.user_login_events drop user_agent;
      alter table identity.user_login_events drop session_id;
    `);
    // The old list knows those who got in, and those who did not.
    await runner.query(
      `update identity.user_login_events
       set outcome = case when outcome in ('signed_up', 'reauthenticated') then 'signed_in' else 'refused' end
       where outcome = any ($1)`,
      [MORE],
    );
    await extendCheck(runner, OUTCOMES, { less: MORE });
  }
}
