import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How long a trial somebody asked for when they signed up, where the operator lets them. */
export class ChosenTrial1764000000155 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table billing.accounts add column chosen_trial_days integer check (chosen_trial_days between 0 and 730)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table billing.accounts drop chosen_trial_days');
  }
}
