import type { MigrationInterface, QueryRunner } from 'typeorm';
import { systemTable } from '#platform';

/** Customers at Stripe whom nobody may go on billing; a row stays until that is done. */
export class Endings1764000000144 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Outlives the tenant, so it holds nothing of it but what Stripe calls it.
      create table billing.endings (
        customer_id text collate "C" primary key,
        -- What Stripe is asked under.
        key text collate "C" not null,
        asked_at timestamptz not null,
        attempts int not null default 0,
        next_at timestamptz not null default now(),
        failure text
      );
      ${systemTable('billing.endings', 'select, insert, update, delete')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table billing.endings');
  }
}
