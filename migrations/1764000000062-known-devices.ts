import type { MigrationInterface, QueryRunner } from 'typeorm';
import { personalTable } from '#platform';

/** What people have signed in from, as keyed hashes: so that they hear of a new one, once. */
export class KnownDevices1764000000062 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table identity.known_devices (
        user_id text collate "C" not null,
        fingerprint bytea not null,
        first_seen_at timestamptz not null,
        last_seen_at timestamptz not null,
        primary key (user_id, fingerprint)
      );
      ${personalTable('identity.known_devices', 'user_id', { app: 'select, insert, update, delete' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table identity.known_devices');
  }
}
