import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom events of Stripe name that nobody is known to own, of those from before that was written beside them. */
export class CustomersOfEvents1764000000172 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update billing.stripe_events set customer_id = substring(payload from '"(cus_[A-Za-z0-9_]{1,240})"')
      where tenant_id is null and customer_id is null
    `);
  }

  async down(): Promise<void> {
    // 158 takes the column.
  }
}
