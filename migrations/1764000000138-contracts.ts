import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a tenant has by contract, without Stripe. */
export class Contracts1764000000138 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table billing.accounts add column contract jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table billing.accounts drop column contract');
  }
}
