import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Workers take wishes that nobody has finished from each other, and put off whom nobody can help. */
export class TakenWishes1764000000180 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('grant update (retry_at) on billing.wishes to gatehouse_system');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('revoke update (retry_at) on billing.wishes from gatehouse_system');
  }
}
