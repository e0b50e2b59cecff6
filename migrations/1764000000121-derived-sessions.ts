import type { MigrationInterface, QueryRunner } from 'typeorm';
import { personalTable } from '#platform';

/**
 * Sessions that derive from others: what their program is called, which sign-in they come of, and which sessions of a person no other may derive from,
 * because what they were made with holds no more, though nobody has come to end them yet.
 */
export class DerivedSessions1764000000121 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table identity.auth_sessions
        add column device_name text,
        add column root_id text collate "C",
        add column for_program boolean not null default false;

      create table identity.outdated_sessions (
        user_id text collate "C" primary key references identity.users (id) on delete cascade,
        until timestamptz not null,
        except_id text collate "C",
        provider text
      );
      ${personalTable('identity.outdated_sessions', 'user_id', { app: 'select, insert, update' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table identity.outdated_sessions;
      alter table identity.auth_sessions drop column device_name, drop column root_id, drop column for_program;
    `);
  }
}
