import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which key signed beside a refresh token, and which pepper hashed it (S2-19, C47). */
export class RefreshTokens1764000000031 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table identity.refresh_tokens add column signing_kid text;
      alter table identity.refresh_tokens add column pepper integer not null default 1;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table identity.refresh_tokens drop column pepper;
      alter table identity.refresh_tokens drop column signing_kid;
    `);
  }
}
