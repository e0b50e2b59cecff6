import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When somebody was last at a write whose end nobody knows: a worker leaves alone what is in somebody's hands. */
export class TriedWrites1764000000149 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table billing.stripe_writes add column tried_at timestamptz;
      grant update (tried_at) on billing.stripe_writes to gatehouse_system;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      revoke update (tried_at) on billing.stripe_writes from gatehouse_system;
      alter table billing.stripe_writes drop column tried_at;
    `);
  }
}
