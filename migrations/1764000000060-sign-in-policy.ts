import type { MigrationInterface, QueryRunner } from 'typeorm';
import { extendCheck } from './extend-check.js';

const ENDS = {
  table: 'identity.auth_sessions',
  constraint: 'auth_sessions_end_reason_check',
  column: 'end_reason',
};
const MORE = ['user_suspended', 'second_factor_required'];

/** What a tenant asks of those who sign in; people whom operators suspend; when a session's owner last showed who they are. */
export class SignInPolicy1764000000060 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table tenancy.tenants add second_factor_required boolean not null default false;

      alter table identity.users add suspended_at timestamptz;
      grant update (suspended_at) on identity.users to gatehouse_system;

      alter table identity.auth_sessions add reauthenticated_at timestamptz;
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
      alter table identity.auth_sessions drop reauthenticated_at;
      revoke update (suspended_at) on identity.users from gatehouse_system;
      alter table identity.users drop suspended_at;
      alter table tenancy.tenants drop second_factor_required;
    `);
  }
}
