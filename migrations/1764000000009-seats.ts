import type { MigrationInterface, QueryRunner } from 'typeorm';
import { catalogueTable, tenantTable } from '#platform';

/** What is put back when Redis has forgotten who holds what. */
export class Seats1764000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Seats that were acquired and have not ended, as far as Postgres has been told. Those that outlive an hour are
      -- here, with their expiry, before their holders are told.
      create table licensing.held_seats (
        tenant_id text collate "C" not null,
        license_id text collate "C" not null,
        seat_id text collate "C" not null,
        shard smallint not null,
        device text collate "C" not null,
        user_id text collate "C",
        login_id text collate "C",
        address text,
        since timestamptz not null,
        told_at timestamptz not null,
        expires_at timestamptz,
        primary key (tenant_id, license_id, seat_id)
      );
      create index held_seats_of_shard on licensing.held_seats (shard, tenant_id, license_id, seat_id);
      ${tenantTable('licensing.held_seats', { app: 'select, insert, update, delete', system: 'select' })}

      -- How often each shard of Redis has been lost, and up to which entry its stream was drained.
      create table licensing.seat_shards (
        shard smallint primary key,
        generation int not null check (generation > 0),
        noticed_at timestamptz,
        restored boolean not null,
        drained_at timestamptz
      );
      ${catalogueTable('licensing.seat_shards')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table licensing.seat_shards, licensing.held_seats');
  }
}
