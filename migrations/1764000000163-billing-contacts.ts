import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom an organisation wants to be written to about what it pays, besides its own people. */
export class BillingContacts1764000000163 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `alter table billing.accounts add column contacts text[] not null default '{}' check (cardinality(contacts) <= 5)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table billing.accounts drop contacts');
  }
}
