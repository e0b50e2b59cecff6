import type { MigrationInterface, QueryRunner } from 'typeorm';
import { systemTable } from '#platform';
import { extendCheck } from './extend-check.js';

const REGISTERED_WITH = {
  table: 'identity.users',
  constraint: 'users_registered_with_check',
  column: 'registered_with',
};

/** Remembered passwords move to a newer pepper, imported people are known as such, and moved signing keys leave a trace. */
export class AccountRepairs1764000000070 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      grant update (sealed) on identity.password_history to gatehouse_app;

      -- Who let a key sign, or ended it, and why: it is nobody's tenant, so no audit trail can tell.
      create table identity.signing_key_log (
        id text collate "C" primary key,
        at timestamptz not null,
        kid text collate "C" not null,
        state text not null check (state in ('retired', 'retiring', 'active')),
        operator text,
        reason text
      );
      ${systemTable('identity.signing_key_log', 'select, insert')}
    `);
    await extendCheck(runner, REGISTERED_WITH, { more: ['import'] });
  }

  async down(runner: QueryRunner): Promise<void> {
    // Not password: or an older worker would delete those who never verified.
    await runner.query(`
      update identity.users set registered_with = 'upstream_unverified' where registered_with = 'import';
      drop table identity.signing_key_log;
      revoke update (sealed) on identity.password_history from gatehouse_app;
    `);
    await extendCheck(runner, REGISTERED_WITH, { less: ['import'] });
  }
}
