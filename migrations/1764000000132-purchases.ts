import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a licence owes to a subscription. */
export class Purchases1764000000132 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table licensing.licenses add column purchase jsonb`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table licensing.licenses drop column purchase`);
  }
}
