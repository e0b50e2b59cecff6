import type { MigrationInterface, QueryRunner } from 'typeorm';
import { personalTable } from '#platform';

/** What people say of themselves; and how accounts are found that were never verified. */
export class UserProfiles1764000000063 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table identity.user_profiles (
        user_id text collate "C" primary key,
        display_name text,
        locale text,
        time_zone text,
        updated_at timestamptz not null
      );
      ${personalTable('identity.user_profiles', 'user_id', { app: 'select, insert, update, delete' })}

      create index users_unverified on identity.users (created_at) where not email_verified;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index identity.users_unverified; drop table identity.user_profiles');
  }
}
