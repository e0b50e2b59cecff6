import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What 184 lets pass holds of all rows; and what Stripe took is found by meter and time, for it reports errors so. */
export class UsesByAnswer1764000000185 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table billing.usage_ledger validate constraint usage_ledger_status_check;
      create index usage_ledger_by_answer on billing.usage_ledger (meter, coalesce(settled_at, sent_at))
        where status in ('shipped', 'unknown');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index billing.usage_ledger_by_answer;
      alter table billing.usage_ledger
        drop constraint usage_ledger_status_check,
        add constraint usage_ledger_status_check
          check (status in ('waiting', 'unknown', 'shipped', 'failed', 'parked', 'written_off', 'by_contract')) not valid;
    `);
  }
}
