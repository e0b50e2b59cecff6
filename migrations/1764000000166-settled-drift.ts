import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Drift that is settled is forgotten like everything else that is over. */
export class SettledDrift1764000000166 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index drift_over on billing.drift (resolved_at) where resolved_at is not null;
      grant delete on billing.drift to gatehouse_system;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      revoke delete on billing.drift from gatehouse_system;
      drop index billing.drift_over;
    `);
  }
}
