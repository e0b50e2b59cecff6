import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A tenant's uses are read by when they were, of all meters together. */
export class UsesByTime1764000000182 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index usage_ledger_by_time on billing.usage_ledger (tenant_id, used_at);
      drop index billing.usage_ledger_used;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index usage_ledger_used on billing.usage_ledger (tenant_id, meter, used_at);
      drop index billing.usage_ledger_by_time;
    `);
  }
}
