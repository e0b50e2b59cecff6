import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose address has to be proved before a licence's key alone is good for anything. Licences of before are let be. */
export class UnprovedHolders1764000000101 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table licensing.licenses add column unproved_holder text collate "C"`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table licensing.licenses drop column unproved_holder');
  }
}
