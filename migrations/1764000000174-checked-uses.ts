import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What 146 lets pass as the state of a use holds of all rows: read beside those who write. */
export class CheckedUses1764000000174 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table billing.usage_ledger validate constraint usage_ledger_status_check');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table billing.usage_ledger
        drop constraint usage_ledger_status_check,
        add constraint usage_ledger_status_check
          check (status in ('waiting', 'unknown', 'shipped', 'failed', 'parked', 'written_off')) not valid
    `);
  }
}
