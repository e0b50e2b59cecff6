import type { MigrationInterface, QueryRunner } from 'typeorm';
import { personalTable } from '#platform';

/**
 * Which program's session a session comes of, and which families of sessions no other may derive from, because one of them
 * was in somebody else's hands, though nobody has come to end them all yet.
 */
export class SessionFamilies1764000000160 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table identity.auth_sessions add column program_root_id text collate "C";

      create table identity.ended_families (
        user_id text collate "C" not null references identity.users (id) on delete cascade,
        root_id text collate "C" not null,
        noted_at timestamptz not null,
        primary key (user_id, root_id)
      );
      ${personalTable('identity.ended_families', 'user_id', { app: 'select, insert, update, delete' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table identity.ended_families;
      alter table identity.auth_sessions drop column program_root_id;
    `);
  }
}
