import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What Stripe refuses afterwards it names by identifier alone, and the ledger is kept for good. */
export class UsesById1764000000181 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index usage_ledger_by_id on billing.usage_ledger (id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index billing.usage_ledger_by_id');
  }
}
