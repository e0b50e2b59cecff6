import type { MigrationInterface, QueryRunner } from 'typeorm';
import { personalTable } from '#platform';

const ENDS = `'logout', 'logout_all', 'refresh_reuse', 'password_changed', 'password_reset', 'address_lost', 'account_deleted'`;

/** What people show besides a password: a code by the time, or one of those they keep for when the phone is gone. */
export class SecondFactor1764000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table identity.totp_factors (
        user_id text collate "C" primary key,
        sealed bytea not null,
        created_at timestamptz not null,
        confirmed_at timestamptz,
        -- The last time step that a code was taken for: none is taken for it, or for one before it, again.
        last_step int not null
      );
      ${personalTable('identity.totp_factors', 'user_id', { app: 'select, insert, update, delete' })}

      create table identity.backup_codes (
        user_id text collate "C" not null,
        hash bytea not null,
        used_at timestamptz,
        primary key (user_id, hash)
      );
      ${personalTable('identity.backup_codes', 'user_id', { app: 'select, insert, update, delete' })}

      alter table identity.auth_sessions drop constraint auth_sessions_end_reason_check;
      alter table identity.auth_sessions add constraint auth_sessions_end_reason_check check (end_reason in (
        ${ENDS}, 'second_factor_enabled'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table identity.backup_codes, identity.totp_factors;
      -- The old list has one word for it.
      update identity.auth_sessions set end_reason = 'logout_all' where end_reason not in (${ENDS});
      alter table identity.auth_sessions drop constraint auth_sessions_end_reason_check;
      alter table identity.auth_sessions add constraint auth_sessions_end_reason_check check (end_reason in (${ENDS}));
    `);
  }
}
