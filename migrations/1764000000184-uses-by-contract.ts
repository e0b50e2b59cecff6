import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a tenant has used under a contract, without being a customer, is settled: Stripe never hears of it. */
export class UsesByContract1764000000184 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table billing.usage_ledger
        drop constraint usage_ledger_status_check,
        add constraint usage_ledger_status_check
          -- Of the rows that there are it is proved next (185), where nobody is kept waiting.
          check (status in ('waiting', 'unknown', 'shipped', 'failed', 'parked', 'written_off', 'by_contract')) not valid
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update billing.usage_ledger set status = 'written_off' where status = 'by_contract';
      alter table billing.usage_ledger
        drop constraint usage_ledger_status_check,
        add constraint usage_ledger_status_check
          check (status in ('waiting', 'unknown', 'shipped', 'failed', 'parked', 'written_off'));
    `);
  }
}
