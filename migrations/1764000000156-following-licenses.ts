import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which licence of a tenant its subscription changes: the one it signed up with, and no other that operators issue. */
export class FollowingLicenses1764000000156 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table licensing.licenses add column follows_purchase boolean not null default false',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table licensing.licenses drop column follows_purchase');
  }
}
