import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When each session began, by the database's own clock: what a new password ends is told from what it began, whatever the
 * clocks of processes say. Those of before have none, and began before anything.
 */
export class SessionBegins1764000000090 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table identity.auth_sessions add column begun_at timestamptz;
      alter table identity.auth_sessions alter column begun_at set default clock_timestamp();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table identity.auth_sessions drop column begun_at');
  }
}
