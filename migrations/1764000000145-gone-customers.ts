import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Customers that a tenant had at Stripe and that were deleted there. */
export class GoneCustomers1764000000145 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table billing.accounts add column gone_customers text[] not null default '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table billing.accounts drop column gone_customers');
  }
}
