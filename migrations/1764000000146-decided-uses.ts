import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What operators decide of uses that are stuck: sent again, perhaps under another identifier, or written off. */
export class DecidedUses1764000000146 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table billing.usage_ledger
        -- How often it got another identifier, because Stripe had said that it counts nothing under the one before.
        add column renewals int not null default 0,
        drop constraint usage_ledger_status_check,
        add constraint usage_ledger_status_check
          -- Of the rows that there are it is proved later (174), where nobody is kept waiting.
          check (status in ('waiting', 'unknown', 'shipped', 'failed', 'parked', 'written_off')) not valid;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update billing.usage_ledger set status = 'failed' where status = 'written_off';
      alter table billing.usage_ledger
        drop column renewals,
        drop constraint usage_ledger_status_check,
        add constraint usage_ledger_status_check
          check (status in ('waiting', 'unknown', 'shipped', 'failed', 'parked'));
    `);
  }
}
