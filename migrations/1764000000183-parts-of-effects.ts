import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What of an effect with several parts, such as a letter to each of ten people, is done. */
export class PartsOfEffects1764000000183 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query("alter table platform.inbox add column parts text[] not null default '{}'");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table platform.inbox drop column parts');
  }
}
